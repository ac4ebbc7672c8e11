import { type Delimiter, guessDelimiter, RowReader, sampleRows, TableError } from "./csv";

/** What a file is made of, found by reading all of it once. */
export interface Table {
  file: File;
  encoding: Encoding;
  delimiter: Delimiter;
  /** Whether the file began with a byte order mark, which Excel wants to see again. */
  marked: boolean;
  lineEnd: "\n" | "\r\n";
  /** Rows, the first included, whatever it is. */
  rows: number;
  /** Cells of the widest row. */
  width: number;
  /** The first rows. */
  sample: string[][];
}

/** Encodings that are recognised; a file that is not valid UTF-8 counts as the last. */
export type Encoding = "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";

const SAMPLE_BYTES = 65_536;
const SAMPLE_ROWS = 8;

/**
 * Find out what a file is made of. `told` gets the share that is read.
 *
 * Throws `TableError` for a file that is no table, and what the browser throws for one that
 * cannot be read.
 */
export async function inspect(
  file: File,
  chosen: Delimiter | null,
  signal: AbortSignal,
  told: (share: number) => void,
): Promise<Table> {
  const start = new Uint8Array(await file.slice(0, SAMPLE_BYTES).arrayBuffer());
  const encoding = guessEncoding(start);
  const sample = new TextDecoder(encoding).decode(start, { stream: true });
  const delimiter = chosen ?? guessDelimiter(sample);
  const table: Table = {
    file,
    encoding,
    delimiter,
    marked: isMarked(start),
    lineEnd: /^[^\r\n]*\r\n/.test(sample) ? "\r\n" : "\n",
    rows: 0,
    width: 0,
    sample: sampleRows(sample, delimiter).slice(0, SAMPLE_ROWS),
  };
  try {
    await measure(table, signal, told);
  } catch (error) {
    // Valid UTF-8 at the beginning, and not further down.
    if (!(error instanceof TypeError) || encoding !== "utf-8") throw error;
    table.encoding = "windows-1252";
    await measure(table, signal, told);
  }
  if (table.rows === 0) throw new TableError("The file is empty.");
  return table;
}

async function measure(
  table: Table,
  signal: AbortSignal,
  told: (share: number) => void,
): Promise<void> {
  table.rows = 0;
  table.width = 0;
  for await (const { rows, bytes } of readRows(table)) {
    signal.throwIfAborted();
    table.rows += rows.length;
    table.width = rows.reduce((width, row) => Math.max(width, row.length), table.width);
    told(bytes / (table.file.size || 1));
  }
}

/** All rows of a table's file, a piece of the file at a time, and how many bytes are read. */
export async function* readRows(
  table: Pick<Table, "file" | "encoding" | "delimiter">,
): AsyncGenerator<{ rows: string[][]; bytes: number }> {
  const reader = new RowReader(table.delimiter);
  const decoder = new TextDecoder(table.encoding, { fatal: table.encoding === "utf-8" });
  const stream = table.file.stream().getReader();
  let bytes = 0;
  try {
    for (;;) {
      const { value, done } = await stream.read();
      if (done) break;
      bytes += value.length;
      yield { rows: reader.push(decoder.decode(value, { stream: true })), bytes };
    }
    const rest = reader.push(decoder.decode());
    yield { rows: [...rest, ...reader.end()], bytes };
  } finally {
    await stream.cancel().catch(() => undefined);
  }
}

function guessEncoding(start: Uint8Array): Encoding {
  if (start[0] === 0xff && start[1] === 0xfe) return "utf-16le";
  if (start[0] === 0xfe && start[1] === 0xff) return "utf-16be";
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(start, { stream: true });
    return "utf-8";
  } catch {
    return "windows-1252";
  }
}

function isMarked(start: Uint8Array): boolean {
  const [first, second, third] = start;
  return (
    (first === 0xff && second === 0xfe) ||
    (first === 0xfe && second === 0xff) ||
    (first === 0xef && second === 0xbb && third === 0xbf)
  );
}

const TEXT_NAMES =
  /^(text|texts|message|utterance|query|question|comment|review|body|content|sentence|title|description|input)s?$/i;
const HEADING = /^[\p{L}_][\p{L}\p{N}_ .()#-]{0,39}$/u;

/** Whether the first row names the columns: short words, each once, unlike what stands below. */
export function hasHeader(sample: readonly string[][]): boolean {
  const [first, ...below] = sample;
  if (!first || below.length === 0) return false;
  const names = first.map((cell) => cell.trim());
  if (names.some((name) => TEXT_NAMES.test(name))) return true;
  if (new Set(names).size !== names.length || !names.every((name) => HEADING.test(name)))
    return false;
  return (
    names.every((name) => name.split(" ").length <= 3) && meanLength(below) > meanLength([first])
  );
}

/** The column that holds texts: by its name, else the one with the longest cells. */
export function textColumn(sample: readonly string[][], header: boolean): number {
  const named = header ? (sample[0] ?? []).findIndex((name) => TEXT_NAMES.test(name.trim())) : -1;
  if (named !== -1) return named;
  const rows = header ? sample.slice(1) : sample;
  const width = Math.max(1, ...sample.map((row) => row.length));
  const lengths = Array.from({ length: width }, (_, column) =>
    rows.reduce((sum, row) => sum + (row[column] ?? "").length, 0),
  );
  return lengths.indexOf(Math.max(...lengths));
}

/** A name for every column of a table. */
export function columnNames(table: Pick<Table, "sample" | "width">, header: boolean): string[] {
  const first = header ? (table.sample[0] ?? []) : [];
  return Array.from({ length: table.width }, (_, column) => {
    const name = (first[column] ?? "").trim();
    return name || `Column ${column + 1}`;
  });
}

function meanLength(rows: readonly string[][]): number {
  const cells = rows.flat();
  return cells.reduce((sum, cell) => sum + cell.length, 0) / Math.max(1, cells.length);
}
