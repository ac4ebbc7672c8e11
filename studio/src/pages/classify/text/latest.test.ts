import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Problem } from "../../../server/problem";
import { Latest } from "./latest";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function recorded(): { latest: Latest; problems: (string | null)[] } {
  const problems: (string | null)[] = [];
  return { latest: new Latest((problem) => problems.push(problem?.message ?? null)), problems };
}

test("only the newest of what was asked quickly is done", async () => {
  const { latest, problems } = recorded();
  const done: string[] = [];
  for (const name of ["a", "b", "c"]) latest.start(50, async () => void done.push(name));
  await vi.advanceTimersByTimeAsync(50);
  expect(done).toEqual(["c"]);
  expect(problems).toEqual([null]);
});

test("what runs is aborted by what comes after it, and its failure is not told", async () => {
  const { latest, problems } = recorded();
  let first: AbortSignal | undefined;
  latest.start(0, (signal) => {
    first = signal;
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(new Error("called off")));
    });
  });
  await vi.advanceTimersByTimeAsync(1);
  expect(first?.aborted).toBe(false);
  latest.start(0, async () => undefined);
  await vi.advanceTimersByTimeAsync(1);
  expect(first?.aborted).toBe(true);
  expect(problems).toEqual([null]);
});

test("a busy server is asked again when it says so", async () => {
  const { latest, problems } = recorded();
  let tries = 0;
  latest.start(0, async () => {
    tries += 1;
    if (tries === 1) throw new Problem("busy", "full", { retryAfter: 3 });
  });
  await vi.advanceTimersByTimeAsync(2_900);
  expect([tries, problems]).toEqual([1, ["full"]]);
  await vi.advanceTimersByTimeAsync(200);
  expect([tries, problems]).toEqual([2, ["full", null]]);
});

test.each(["invalid", "refused", "late", "failed"] as const)("%s is told once", async (kind) => {
  const { latest, problems } = recorded();
  let tries = 0;
  latest.start(0, async () => {
    tries += 1;
    throw new Problem(kind, "no");
  });
  await vi.advanceTimersByTimeAsync(60_000);
  expect([tries, problems]).toEqual([1, ["no"]]);
});

test("stopped, nothing is done", async () => {
  const { latest, problems } = recorded();
  let tries = 0;
  latest.start(10, async () => {
    tries += 1;
  });
  latest.stop();
  await vi.advanceTimersByTimeAsync(100);
  expect([tries, problems]).toEqual([0, []]);
});
