import { expect, test } from "vitest";
import { parseTiming } from "./timing";

test("phases are read in milliseconds", () => {
  expect(parseTiming("queue;dur=0.05, encode;dur=12, total;dur=13.5")).toEqual({
    queue: 0.05,
    encode: 12,
    total: 13.5,
  });
});

test("what cannot be read is left out", () => {
  expect(parseTiming(null)).toEqual({});
  expect(parseTiming("miss, db;desc=x, cache;desc=y;dur=3, bad;dur=z")).toEqual({ cache: 3 });
});
