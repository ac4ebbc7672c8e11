/** How the columns of a file are separated; empty for one text a line. */
export type Delimiter = "," | ";" | "\t" | "|" | "";

/** All of them, the likeliest first. */
export const DELIMITERS: readonly Delimiter[] = [",", "\t", ";", "|", ""];

/** A row longer than this has a quote that is never closed. */
const LONGEST_ROW = 1_000_000;

/** A file that is no table; `message` is for people. */
export class TableError extends Error {}

/**
 * Reads delimited text piece by piece, as RFC 4180 has it, and what spreadsheets make of it: any
 * line end, and text after a closing quote. Empty lines are left out.
 */
export class RowReader {
  private rest = "";
  private count = 0;
  private readonly delimiter: Delimiter;
  private readonly plain: RegExp;

  constructor(delimiter: Delimiter) {
    this.delimiter = delimiter;
    this.plain = plainCell(delimiter);
  }

  /** The rows that are complete with this piece. Throws `TableError` for a quote never closed. */
  push(piece: string): string[][] {
    return this.read(this.rest + piece, false);
  }

  /** The last row, where the text does not end with a line end. */
  end(): string[][] {
    return this.read(this.rest, true);
  }

  private read(text: string, final: boolean): string[][] {
    const rows: string[][] = [];
    let at = 0;
    for (;;) {
      const row = this.row(text, at, final);
      if (!row) break;
      at = row.next;
      this.count += 1;
      if (row.cells.length > 1 || row.cells[0] !== "") rows.push(row.cells);
    }
    this.rest = text.slice(at);
    if (this.rest.length > LONGEST_ROW) {
      throw new TableError(
        `Row ${this.count + 1} is longer than ${LONGEST_ROW.toLocaleString("en")} characters: is a quote not closed?`,
      );
    }
    return rows;
  }

  /** The row that begins at `at`; null when its end is not there yet. */
  private row(text: string, at: number, final: boolean): { cells: string[]; next: number } | null {
    const cells: string[] = [];
    let place = at;
    if (final && place >= text.length) return null;
    for (;;) {
      const cell = this.cell(text, place, final);
      if (!cell) return null;
      cells.push(cell.value);
      place = cell.next;
      if (this.delimiter && text[place] === this.delimiter) {
        place += 1;
        continue;
      }
      const end = lineEnd(text, place, final);
      return end === null ? null : { cells, next: end };
    }
  }

  private cell(text: string, at: number, final: boolean): { value: string; next: number } | null {
    if (this.delimiter && text[at] === '"') return this.quoted(text, at, final);
    return this.unquoted(text, at);
  }

  private unquoted(text: string, at: number): { value: string; next: number } {
    this.plain.lastIndex = at;
    const value = this.plain.exec(text)?.[0] ?? "";
    return { value, next: at + value.length };
  }

  private quoted(text: string, at: number, final: boolean): { value: string; next: number } | null {
    let value = "";
    let from = at + 1;
    for (;;) {
      const quote = text.indexOf('"', from);
      if (quote === -1)
        return final ? { value: value + text.slice(from), next: text.length } : null;
      value += text.slice(from, quote);
      if (quote + 1 === text.length && !final) return null;
      if (text[quote + 1] !== '"') {
        const after = this.unquoted(text, quote + 1);
        return { value: value + after.value, next: after.next };
      }
      value += '"';
      from = quote + 2;
    }
  }
}

function plainCell(delimiter: Delimiter): RegExp {
  return new RegExp(`[^\\r\\n${delimiter === "|" ? "\\|" : delimiter}]*`, "y");
}

/** Where the next row begins if this one ends at `at`; null when more text must tell. */
function lineEnd(text: string, at: number, final: boolean): number | null {
  if (at >= text.length) return final ? at : null;
  if (text[at] === "\n") return at + 1;
  if (at + 1 >= text.length && !final) return null;
  return text[at + 1] === "\n" ? at + 2 : at + 1;
}

const SAMPLE_ROWS = 50;

/** The delimiter that makes a table of a file's beginning: the most columns that all rows have. */
export function guessDelimiter(sample: string): Delimiter {
  let best: Delimiter = "";
  let most = 1;
  for (const delimiter of DELIMITERS) {
    const columns = delimiter ? commonWidth(sample, delimiter) : 0;
    if (columns > most) {
      best = delimiter;
      most = columns;
    }
  }
  return best;
}

/** Columns of the first rows if nearly all agree; 0 if not. */
function commonWidth(sample: string, delimiter: Delimiter): number {
  const rows = sampleRows(sample, delimiter);
  const first = rows[0]?.length ?? 0;
  const same = rows.filter((row) => row.length === first).length;
  return same >= rows.length * 0.9 ? first : 0;
}

/** The first rows of a sample; the last, which may be cut off, only where it is the only one. */
export function sampleRows(sample: string, delimiter: Delimiter): string[][] {
  const reader = new RowReader(delimiter);
  try {
    const rows = reader.push(sample);
    return (rows.length > 0 ? rows : reader.end()).slice(0, SAMPLE_ROWS);
  } catch {
    return [];
  }
}

/* Programs that open tables compute what begins so; a number is harmless and stays one. */
const FORMULA = /^[=+\-@\t\r]/;
const NUMBER = /^[+-]?\d[\d.,]*(?:[eE][+-]?\d+)?%?$/;

/** A cell that no spreadsheet computes: what looks like a formula gets an apostrophe in front. */
export function guarded(cell: string): string {
  return FORMULA.test(cell) && !NUMBER.test(cell) ? `'${cell}` : cell;
}

/** One line of a file, without its end. */
export function writeRow(cells: readonly string[], delimiter: Delimiter): string {
  const between = delimiter || ",";
  return cells.map((cell) => quotedIfNeeded(guarded(cell), between)).join(between);
}

function quotedIfNeeded(cell: string, delimiter: string): string {
  const needed = cell.includes(delimiter) || /["\r\n]|^\s|\s$/.test(cell);
  return needed ? `"${cell.replaceAll('"', '""')}"` : cell;
}
