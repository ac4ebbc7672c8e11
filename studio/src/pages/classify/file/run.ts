import { signal } from "@preact/signals";
import { ask } from "../../../server/client";
import { reconnected } from "../../../server/connection";
import { Problem } from "../../../server/problem";
import type { Classified, Row } from "../answers";
import { batches, inOrder } from "./batches";
import { TableError, writeRow } from "./csv";
import type { Setup } from "./job";
import { measureFor } from "./patience";
import { addedCells, addedColumns, Tally } from "./result";
import { columnNames, readRows } from "./table";

/** What a run is doing. */
export type State =
  | { kind: "running" }
  /** Asks again by itself: when the server is back, or after a while. */
  | { kind: "waiting"; problem: Problem }
  /** Only the person can help; they say when to go on. */
  | { kind: "stopped"; problem: Problem }
  | { kind: "done" }
  | { kind: "cancelled" }
  /** The file cannot be read to its end; what was answered can still be had. */
  | { kind: "broken"; problem: Problem };

const ENDS: ReadonlySet<State["kind"]> = new Set(["done", "cancelled", "broken"]);

/** Requests under way at once: while one is answered the other is on its way. */
const AT_ONCE = 2;
const SHOWN_ROWS = 8;
const RATE_SECONDS = 8;

/** One classification of a file: what was found so far, and what is going on. */
export class Run {
  readonly models: readonly string[];
  /** Rows to be classified. */
  readonly total: number;
  readonly state = signal<State>({ kind: "running" });
  /** Rows that were answered, and how many of them with an error. */
  readonly done = signal(0);
  readonly failed = signal(0);
  /** Rows whose text is longer than an encoder reads. */
  readonly cut = signal(0);
  /** Rows per second over the last seconds. */
  readonly rate = signal(0);
  /** The first rows and their answers. */
  readonly first = signal<{ text: string; row: Row }[]>([]);
  readonly tally = new Tally();

  private readonly setup: Setup;
  private readonly controller = new AbortController();
  private readonly parts: Blob[] = [];
  private readonly times: { at: number; done: number }[] = [];
  private goOn: (() => void)[] = [];

  constructor(setup: Setup, models: readonly string[]) {
    this.setup = setup;
    this.models = models;
    this.total = setup.table.rows - (setup.header ? 1 : 0);
    this.parts.push(new Blob([setup.table.marked ? "\ufeff" : "", this.heading()]));
  }

  /** Whether it has not ended. */
  get active(): boolean {
    return !ENDS.has(this.state.value.kind);
  }

  /** Classify everything; ends in `state`, never throws. */
  async start(): Promise<void> {
    const { table, column } = this.setup;
    try {
      const all = batches(withoutFirst(readRows(table), this.setup.header), column);
      for await (const { rows, answers } of inOrder(all, AT_ONCE, (rows) => this.classify(rows))) {
        this.controller.signal.throwIfAborted();
        this.keep(rows, answers);
      }
      this.state.value = { kind: "done" };
    } catch (error) {
      if (this.controller.signal.aborted) return;
      this.controller.abort();
      this.resume();
      this.state.value = { kind: "broken", problem: new Problem("failed", whyBroken(error)) };
    }
  }

  /** Stop; what was answered can still be had. */
  cancel(): void {
    if (!this.active) return;
    this.state.value = { kind: "cancelled" };
    this.controller.abort();
    this.resume();
  }

  /** Ask again what failed. */
  resume(): void {
    const waiting = this.goOn;
    this.goOn = [];
    for (const go of waiting) go();
  }

  /** The file with the columns that were added, as far as it was answered. */
  result(): { name: string; content: Blob } {
    const { file, delimiter } = this.setup.table;
    const dot = file.name.lastIndexOf(".");
    const [stem, end] =
      dot > 0 ? [file.name.slice(0, dot), file.name.slice(dot)] : [file.name, ".csv"];
    const type = delimiter === "\t" ? "text/tab-separated-values" : "text/csv";
    const ending = delimiter === "" ? ".csv" : end;
    return { name: `${stem}-classified${ending}`, content: new Blob(this.parts, { type }) };
  }

  private async classify(rows: string[][]): Promise<{ rows: string[][]; answers: Row[] }> {
    const body = {
      model: this.models,
      input: rows.map((row) => row[this.setup.column] ?? ""),
      on_error: "row",
    };
    for (let attempt = 0; ; attempt += 1) {
      this.controller.signal.throwIfAborted();
      try {
        const { signal } = this.controller;
        const { value } = await ask<Classified>("v1/classify", { body, signal, timeout: 60_000 });
        if (this.active) this.state.value = { kind: "running" };
        return { rows, answers: value.data };
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        await this.settle(error, attempt);
      }
    }
  }

  /** Wait until it makes sense to ask again. */
  private async settle(problem: Problem, attempt: number): Promise<void> {
    if (!this.active) return;
    const measure = measureFor(problem, attempt);
    const stopped = measure.kind === "stop";
    this.state.value = { kind: stopped ? "stopped" : "waiting", problem };
    const resumed = new Promise<void>((resolve) => this.goOn.push(resolve));
    if (stopped) await resumed;
    else if (measure.kind === "await server") await Promise.race([reconnected(), resumed]);
    else await Promise.race([after(measure.seconds), resumed]);
  }

  private keep(rows: string[][], answers: Row[]): void {
    const { table, column } = this.setup;
    const lines = rows.map((row, index) => {
      const answer = answers[index] ?? { index };
      this.tally.add(answer);
      const padded = [...row, ...Array<string>(Math.max(0, table.width - row.length)).fill("")];
      return writeRow([...padded, ...addedCells(answer, this.models)], table.delimiter);
    });
    this.parts.push(new Blob([lines.join(table.lineEnd), table.lineEnd]));
    const missing = SHOWN_ROWS - this.first.peek().length;
    if (missing > 0) {
      const more = answers.slice(0, missing).map((row, index) => ({
        text: rows[index]?.[column] ?? "",
        row,
      }));
      this.first.value = [...this.first.peek(), ...more];
    }
    this.failed.value += answers.filter((answer) => answer.error).length;
    this.cut.value += answers.filter((answer) => answer.truncated).length;
    this.done.value += rows.length;
    this.measure();
  }

  private measure(): void {
    const now = performance.now();
    this.times.push({ at: now, done: this.done.peek() });
    while (now - (this.times[0]?.at ?? now) > 1000 * RATE_SECONDS) this.times.shift();
    const [oldest] = this.times;
    if (oldest && now > oldest.at) {
      this.rate.value = (1000 * (this.done.peek() - oldest.done)) / (now - oldest.at);
    }
  }

  private heading(): string {
    const { table, header } = this.setup;
    const given = header ? (table.sample[0] ?? []) : columnNames(table, false);
    const names = [...given, ...Array<string>(Math.max(0, table.width - given.length)).fill("")];
    const line = writeRow([...names, ...addedColumns(this.models, names)], table.delimiter);
    return line + table.lineEnd;
  }
}

function whyBroken(error: unknown): string {
  const ofTheFile =
    error instanceof DOMException || error instanceof TypeError || error instanceof TableError;
  return ofTheFile
    ? "The file cannot be read to its end: was it moved or changed?"
    : `This page failed: ${error}`;
}

async function* withoutFirst(
  pieces: AsyncIterable<{ rows: string[][] }>,
  header: boolean,
): AsyncGenerator<{ rows: string[][] }> {
  let skip = header;
  for await (const { rows } of pieces) {
    yield { rows: skip ? rows.slice(1) : rows };
    if (rows.length > 0) skip = false;
  }
}

function after(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
}
