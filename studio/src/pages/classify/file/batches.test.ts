import { describe, expect, test } from "vitest";
import { batches, inOrder } from "./batches";

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe("rows become requests", () => {
  test("of at most 256 rows, over the pieces they came in", async () => {
    const rows = Array.from({ length: 600 }, (_, n) => [String(n)]);
    const pieces = each([{ rows: rows.slice(0, 10) }, { rows: [] }, { rows: rows.slice(10) }]);
    const found = await all(batches(pieces, 0));
    expect(found.map((batch) => batch.length)).toEqual([256, 256, 88]);
    expect(found.flat()).toEqual(rows);
  });

  test("of at most 200,000 characters, but never of no row", async () => {
    const rows = [90_000, 90_000, 90_000, 500_000, 10].map((length) => ["x".repeat(length)]);
    const found = await all(batches(each([{ rows }]), 0));
    expect(found.map((batch) => batch.length)).toEqual([2, 1, 1, 1]);
  });

  test("a row may lack the column", async () => {
    expect(await all(batches(each([{ rows: [["a"], ["b", "c"]] }]), 1))).toEqual([
      [["a"], ["b", "c"]],
    ]);
  });

  test("of nothing there are none", async () => {
    expect(await all(batches(each([{ rows: [] }]), 0))).toEqual([]);
  });
});

describe("a few at once, in order", () => {
  test("results keep their order, and no more than asked run together", async () => {
    let running = 0;
    let most = 0;
    const work = async (wait: number) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, wait));
      running -= 1;
      return wait;
    };
    expect(await all(inOrder(each([9, 1, 5, 0, 3]), 2, work))).toEqual([9, 1, 5, 0, 3]);
    expect(most).toBe(2);
  });

  test("a failure ends it, at its place", async () => {
    const found: number[] = [];
    const work = async (n: number) => {
      if (n > 1) throw new Error(`no ${n}`);
      return n;
    };
    await expect(async () => {
      for await (const n of inOrder(each([0, 1, 2, 3]), 2, work)) found.push(n);
    }).rejects.toThrow("no 2");
    expect(found).toEqual([0, 1]);
  });
});
