import { expect, test } from "vitest";
import { milliseconds, split } from "./phases";

test("what no phase names is the rest of the server, and what the server does not see the network", () => {
  const phases = { queue: 1, tokenize: 0.5, cache: 0.25, encode: 4, head: 0.25, total: 8 };
  expect(split(phases, 10)).toEqual({
    queue: 1,
    tokenize: 0.5,
    cache: 0.25,
    encode: 4,
    head: 0.25,
    other: 2,
    network: 2,
  });
});

test("phases that overlap never make a part negative", () => {
  const parts = split({ encode: 20, total: 12 }, 15);
  expect(parts.other).toBe(0);
  expect(parts.network).toBe(0);
  expect(parts.encode).toBe(20);
});

test("without a header all is network", () => {
  expect(split({}, 7).network).toBe(7);
});

test("milliseconds", () => {
  expect([0.123, 12.34, 123.4].map(milliseconds)).toEqual(["0.12 ms", "12.3 ms", "123 ms"]);
});
