import { expect, test } from "vitest";
import { Pace } from "./pace";

function paced(gap: number, latency: number): Pace {
  const pace = new Pace(20, 600);
  for (let key = 0; key < 40; key += 1) {
    pace.typed(key * gap);
    pace.answered(latency);
  }
  return pace;
}

test("a fast server is asked at nearly every key", () => {
  expect(paced(200, 8).delay).toBe(20);
});

test("a slow one when the person pauses longer than between keys", () => {
  expect(paced(200, 2_000).delay).toBe(300);
  expect(paced(120, 2_000).delay).toBe(180);
});

test("never later than the longest wait", () => {
  expect(paced(900, 9_000).delay).toBe(600);
});

test("a pause to think does not change the rhythm", () => {
  const pace = paced(120, 2_000);
  pace.typed(1_000_000);
  expect(pace.delay).toBe(180);
});
