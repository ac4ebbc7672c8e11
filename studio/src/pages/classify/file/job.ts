import { signal } from "@preact/signals";
import { type Delimiter, TableError } from "./csv";
import { Run } from "./run";
import { hasHeader, inspect, type Table, textColumn } from "./table";

/** What is known of the file, and what is to be done with it. */
export interface Setup {
  table: Table;
  header: boolean;
  column: number;
}

/** The file that is open, once it was looked at; it stays when the page is left. */
export const setup = signal<Setup | null>(null);
/** Why the file cannot be read. */
export const complaint = signal("");
/** The share of the file that was looked at, while it is. */
export const looking = signal<{ name: string; share: number } | null>(null);
/** The classification that runs, or ran. */
export const run = signal<Run | null>(null);

let current = new AbortController();

/** Look at a file; `delimiter` where the person says how its columns are separated. */
export async function openFile(file: File, delimiter: Delimiter | null = null): Promise<void> {
  if (run.peek()?.active) {
    complaint.value = "A file is being classified: cancel that first.";
    return;
  }
  current.abort();
  const controller = new AbortController();
  current = controller;
  complaint.value = "";
  run.value = null;
  looking.value = { name: file.name, share: 0 };
  try {
    const table = await inspect(file, delimiter, controller.signal, (share) => {
      looking.value = { name: file.name, share };
    });
    const header = hasHeader(table.sample);
    setup.value = { table, header, column: textColumn(table.sample, header) };
  } catch (error) {
    if (controller.signal.aborted) return;
    setup.value = null;
    complaint.value = told(error, file);
  }
  looking.value = null;
}

/** Close the file. */
export function closeFile(): void {
  current.abort();
  run.peek()?.cancel();
  run.value = null;
  setup.value = null;
  looking.value = null;
  complaint.value = "";
}

/** Whether the first row names the columns. */
export function setHeader(header: boolean): void {
  const before = setup.peek();
  if (before) setup.value = { ...before, header };
}

/** Which column holds the texts. */
export function setColumn(column: number): void {
  const before = setup.peek();
  if (before) setup.value = { ...before, column };
}

/** Classify the file with these models. */
export function startRun(models: readonly string[]): void {
  const chosen = setup.peek();
  if (!chosen || run.peek()?.active) return;
  const started = new Run(chosen, models);
  run.value = started;
  addEventListener("beforeunload", warn);
  void started.start().finally(() => removeEventListener("beforeunload", warn));
}

/* A tab that is closed would lose what runs, whatever page is open. */
function warn(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

function told(error: unknown, file: File): string {
  if (error instanceof TableError) return `${file.name}: ${error.message}`;
  return `${file.name} cannot be read: was it moved or changed?`;
}
