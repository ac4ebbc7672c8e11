import { expect, test } from "vitest";
import { Problem } from "../../../server/problem";
import { measureFor } from "./patience";

const busy = (retryAfter = 0) => new Problem("busy", "full", { status: 429, retryAfter });

test("a busy server is asked later each time, never before it says", () => {
  expect(measureFor(busy(), 0, 0)).toEqual({ kind: "wait", seconds: 0.5 });
  expect(measureFor(busy(), 3, 0)).toEqual({ kind: "wait", seconds: 4 });
  expect(measureFor(busy(), 50, 0)).toEqual({ kind: "wait", seconds: 30 });
  expect(measureFor(busy(7), 0, 0)).toEqual({ kind: "wait", seconds: 7 });
  expect(measureFor(busy(8), 0, 0.5)).toEqual({ kind: "wait", seconds: 9 });
});

test("a server that is gone is waited for", () => {
  expect(measureFor(new Problem("gone", "no answer"), 9)).toEqual({ kind: "await server" });
});

test("one that is late is asked a few times", () => {
  const late = new Problem("late", "too late");
  expect(measureFor(late, 3, 0).kind).toBe("wait");
  expect(measureFor(late, 4, 0).kind).toBe("stop");
});

test.each(["refused", "invalid", "failed"] as const)("%s stops", (kind) => {
  expect(measureFor(new Problem(kind, "no"), 0)).toEqual({ kind: "stop" });
});
