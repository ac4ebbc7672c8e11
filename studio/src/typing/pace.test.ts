import { expect, test } from "vitest";
import { answeredIn, keyed, LONGEST, SHORTEST, USUAL, wait } from "./pace";

const after = (gap: number, latency: number) => {
  let pace = USUAL;
  for (let i = 0; i < 60; i++) pace = answeredIn(keyed(pace, gap), latency);
  return wait(pace);
};

test("a fast server is asked almost at once", () => {
  expect(after(180, 15)).toBeCloseTo((1.5 * 180 * 15) / 195, 0);
});

test("a slow server is asked in pauses only", () => {
  expect(after(180, 3_000)).toBeGreaterThan(180);
});

test("the wait stays within its bounds", () => {
  expect(after(30, 1)).toBe(SHORTEST);
  expect(after(900, 100_000)).toBe(LONGEST);
});

test("a pause for thought and a clock that went back are no rhythm", () => {
  expect(keyed(USUAL, 5_000)).toBe(USUAL);
  expect(keyed(USUAL, -3)).toBe(USUAL);
  expect(keyed(USUAL, Number.NaN)).toBe(USUAL);
});
