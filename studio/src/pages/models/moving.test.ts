import { expect, test } from "vitest";
import { moveTitle, moveVerb, outcome, whatHappens } from "./moving";
import type { AliasRecord, Move } from "./store";
import { previousVersion } from "./words";

const past = (...versions: (string | null)[]): AliasRecord[] =>
  versions.map((version, at) => ({
    number: at + 1,
    alias: "production",
    version,
    at: "",
    actor: "",
    reason: "",
  }));

test("a rollback goes back as a browser does", () => {
  expect(previousVersion(past())).toBe(null);
  expect(previousVersion(past("a"))).toBe(null);
  expect(previousVersion(past("a", "b"))).toBe("a");
  expect(previousVersion(past("a", "b", "a"))).toBe(null);
  expect(previousVersion(past("a", "b", "c", "b"))).toBe("a");
  expect(previousVersion(past("a", "b", null))).toBe("b");
  expect(previousVersion(past(null))).toBe(null);
  expect(previousVersion(past("a", "a"))).toBe(null);
});

const rollback: Move = { kind: "rollback", alias: "production", from: "b", to: "a", expected: 2 };
const retire: Move = { kind: "retire", alias: "candidate", from: "b", to: null, expected: 2 };

test("what a move will do is said before", () => {
  expect(moveTitle(rollback)).toBe("Roll production back to a");
  expect(whatHappens("mood", rollback)).toEqual([
    "Requests to mood are answered by a from then on, instead of b. Requests that are under way are not disturbed.",
    "b stays in the store; rolling back again goes further back, not to it.",
  ]);
  expect(moveTitle(retire)).toBe("Take candidate out of service");
  expect(moveVerb(retire)).toBe("Take out of service");
  expect(whatHappens("mood", retire)[0]).toContain("requests to mood@candidate are refused");
  expect(whatHappens("mood", { ...rollback, from: null })).toEqual([
    "Requests to mood are answered by a from then on.",
  ]);
});

test("what became of a move is said after, and what the server could not do", () => {
  const record = { ...past("b", "a")[1] } as AliasRecord;
  const readiness = { ready: true, state: "ready", models: 1, failures: {} };
  expect(outcome("mood", rollback, { record, readiness })).toEqual({
    words: "production went from b to a.",
    bad: "",
  });
  const failures = { mood: "its blob is gone", topic: "another" };
  expect(outcome("mood", rollback, { record, readiness: { ...readiness, failures } }).bad).toBe(
    "This server could not load it and answers as before: its blob is gone",
  );
});
