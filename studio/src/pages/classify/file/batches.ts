/** Most rows of one request; the server's own limit is far above. */
const MOST_ROWS = 256;
/** Most characters of one request, so that long texts do not make it slow. */
const MOST_CHARS = 200_000;

/** Rows in batches that make good requests, however they come in. */
export async function* batches(
  pieces: AsyncIterable<{ rows: string[][] }>,
  column: number,
): AsyncGenerator<string[][]> {
  let batch: string[][] = [];
  let chars = 0;
  for await (const { rows } of pieces) {
    for (const row of rows) {
      const length = row[column]?.length ?? 0;
      const full = batch.length === MOST_ROWS || chars + length > MOST_CHARS;
      if (full && batch.length > 0) {
        yield batch;
        batch = [];
        chars = 0;
      }
      batch.push(row);
      chars += length;
    }
  }
  if (batch.length > 0) yield batch;
}

/**
 * Start `work` on each item, at most `most` at once; results in the order of the items.
 *
 * What was started before one fails is left to itself: its result is dropped.
 */
export async function* inOrder<T, R>(
  items: AsyncIterable<T>,
  most: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const running: Promise<R>[] = [];
  for await (const item of items) {
    const started = work(item);
    started.catch(() => undefined);
    running.push(started);
    const first = running.length >= most ? running.shift() : undefined;
    if (first) yield await first;
  }
  for (const rest of running) yield await rest;
}
