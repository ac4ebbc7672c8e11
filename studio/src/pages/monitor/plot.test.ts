import { expect, test } from "vitest";
import {
  areaPath,
  highest,
  linePath,
  middles,
  nearest,
  runs,
  scale,
  spread,
  ticks,
  timeTicks,
} from "./plot";

const FRAME = { left: 10, top: 0, width: 100, height: 50 };

test("an axis ends at a round number that is not below the highest value", () => {
  expect(ticks(0)).toEqual([0, 0.25, 0.5, 0.75, 1]);
  expect(ticks(1)).toEqual([0, 0.25, 0.5, 0.75, 1]);
  expect(ticks(37)).toEqual([0, 10, 20, 30, 40]);
  expect(ticks(0.3)).toEqual([0, 0.1, 0.2, 0.3]);
  expect(ticks(100)).toEqual([0, 25, 50, 75, 100]);
  expect(ticks(101)).toEqual([0, 50, 100, 150]);
});

test("the highest of series with gaps", () => {
  expect(highest([1, null, 3], [2])).toBe(3);
  expect(highest([null], [])).toBe(0);
});

test("times are round and few", () => {
  expect(timeTicks(0, 3600, 6)).toEqual([0, 600, 1200, 1800, 2400, 3000, 3600]);
  expect(timeTicks(5, 65, 7)).toEqual([10, 20, 30, 40, 50, 60]);
  expect(timeTicks(0, 30 * 86_400, 6).length).toBeLessThanOrEqual(7);
});

test("places lie within the frame whatever is asked", () => {
  const at = scale(FRAME, 0, 100, 10);
  expect([at.x(0), at.x(50), at.x(100), at.x(-5), at.x(500)]).toEqual([10, 60, 110, 10, 110]);
  expect([at.y(0), at.y(5), at.y(10), at.y(99)]).toEqual([50, 25, 0, 0]);
  expect(scale(FRAME, 5, 5, 0).y(3)).toBe(50);
});

test("a line stops where a value is missing", () => {
  const at = scale(FRAME, 0, 100, 10);
  expect(runs([null, 1, 2, null, 3, null])).toEqual([[1, 2], [4]]);
  expect(linePath([0, 50, 100], [0, 5, 10], at)).toBe("M10 50L60 25L110 0");
  expect(linePath([0, 50, 100], [0, null, 10], at)).toBe("M8.5 50L11.5 50M108.5 0L111.5 0");
  expect(linePath([], [], at)).toBe("");
});

test("an area stands on the axis", () => {
  const at = scale(FRAME, 0, 100, 10);
  expect(areaPath([0, 100], [10, 5], at)).toBe("M10 50L10 0L110 25L110 50Z");
});

test("columns have a middle, and one is nearest", () => {
  expect(middles([10, 20], [10, 4])).toEqual([5, 18]);
  expect(nearest([5, 18], 12)).toBe(1);
  expect(nearest([5, 18], -100)).toBe(0);
  expect(nearest([], 3)).toBe(-1);
});

test("a table shows a few columns, the newest among them", () => {
  expect(spread(3, 12)).toEqual([0, 1, 2]);
  expect(spread(120, 4)).toEqual([29, 59, 89, 119]);
});
