import { expect, test } from "vitest";
import { count, currentRate, duration, rate, share, span, type Timeline } from "./figures";

test("numbers are written as they are read", () => {
  expect([0, 999, 12_345, 123_456, 2_500_000].map(count)).toEqual([
    "0",
    "999",
    "12,345",
    "123.5K",
    "2.5M",
  ]);
  expect([0, 0.034, 0.5, 4.26, 42.4, 123.4].map(rate)).toEqual([
    "0",
    "0.03",
    "0.5",
    "4.3",
    "42",
    "123",
  ]);
  expect([null, 0.118, 8.41, 99.6, 123.4, 2460].map(duration)).toEqual([
    "–",
    "0.12 ms",
    "8.4 ms",
    "100 ms",
    "123 ms",
    "2.5 s",
  ]);
});

test("a share just short of all is not all", () => {
  expect([null, 0, 0.0004, 0.003, 0.5, 0.9999, 1].map(share)).toEqual([
    "–",
    "0%",
    "<0.1%",
    "0.3%",
    "50%",
    "99%",
    "100%",
  ]);
});

test("how long", () => {
  expect([40, 720, 3600 * 3 + 300, 3600 * 5, 86_400 * 4.5].map(span)).toEqual([
    "40 s",
    "12 min",
    "3 h 5 min",
    "5 h",
    "4 days",
  ]);
});

test("the current rate is that of the last columns", () => {
  const line = { until: [10, 20, 30, 40], seconds: [10, 10, 10, 10], requests: [99, 1, 2, 3] };
  expect(currentRate(line as unknown as Timeline)).toBe(2);
  expect(currentRate({ until: [], seconds: [], requests: [] } as unknown as Timeline)).toBe(null);
});
