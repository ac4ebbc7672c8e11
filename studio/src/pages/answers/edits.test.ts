import { describe, expect, test } from "vitest";
import {
  afterSending,
  conflictsOf,
  faultIn,
  insisted,
  NOTHING,
  nextBatch,
  overlay,
  type Queue,
  settled,
  sizeOf,
  whileSending,
  withAddition,
  withChange,
  without,
} from "./edits";
import { type Answer, type Field, filled, type Value } from "./types";

const HELLO = filled({ id: "a", text: "Hello", count: 5, tags: ["hi"] });
const BYE = filled({ id: "b", text: "Good bye", status: "rejected" });

function known(...answers: Answer[]): ReadonlyMap<string, Answer> {
  return new Map(answers.map((each) => [each.id, each]));
}

function wish(queue: Queue, answer: Answer, field: Field, to: Value): Queue {
  return withChange(queue, answer, answer.id, field, to);
}

describe("what the person wishes for", () => {
  test("is seen at once, and all else stays", () => {
    const queue = wish(wish(NOTHING, HELLO, "status", "accepted"), HELLO, "tags", ["hi", "first"]);
    expect(overlay([HELLO, BYE], queue)).toEqual([
      { ...HELLO, status: "accepted", tags: ["hi", "first"] },
      BYE,
    ]);
    expect(overlay([HELLO, BYE], queue)[1]).toBe(BYE);
  });

  test("is one change for a field, from what the server had", () => {
    const queue = wish(wish(NOTHING, HELLO, "text", "Hello!"), HELLO, "text", "Hello you");
    expect([...queue.changes.values()]).toEqual([
      { id: "a", field: "text", was: "Hello", to: "Hello you" },
    ]);
  });

  test("is nothing when it comes to what the server has", () => {
    const there = wish(NOTHING, HELLO, "tags", []);
    expect(sizeOf(there)).toBe(1);
    expect(sizeOf(wish(there, HELLO, "tags", ["hi"]))).toBe(0);
  });

  test("about an answer that nobody knows is nothing", () => {
    expect(withChange(NOTHING, undefined, "z", "status", "accepted")).toBe(NOTHING);
  });

  test("may be about an answer that is itself on the way", () => {
    const added = withAddition(NOTHING, { id: "own-1", text: "Sure" });
    const queue = withChange(added, undefined, "own-1", "tags", ["yes"]);
    expect(overlay([HELLO], queue)).toEqual([
      HELLO,
      filled({ id: "own-1", text: "Sure", status: "accepted", tags: ["yes"] }),
    ]);
    expect(nextBatch(queue, new Set(), 10)?.batch).toEqual({
      edits: [{ id: "own-1", set: { tags: ["yes"] }, was: { tags: [] } }],
      add: [{ id: "own-1", text: "Sure" }],
    });
    expect(conflictsOf(queue, known(HELLO))).toEqual([]);
  });
});

describe("what the server has meanwhile", () => {
  const queue = wish(NOTHING, HELLO, "status", "accepted");

  test("the same wish of somebody else settles it", () => {
    const now = { ...HELLO, status: "accepted" as const };
    expect(conflictsOf(queue, known(now))).toEqual([]);
    expect(sizeOf(settled(queue, known(now)))).toBe(0);
  });

  test("another field is no conflict", () => {
    const now = { ...HELLO, text: "Hello!", note: "x" };
    expect(conflictsOf(queue, known(now))).toEqual([]);
    expect(settled(queue, known(now))).toEqual(queue);
    expect(overlay([now], queue)).toEqual([{ ...now, status: "accepted" }]);
  });

  test("the same field is a conflict, until the person decides", () => {
    const now = known({ ...HELLO, status: "rejected" });
    const [conflict] = conflictsOf(queue, now);
    expect(conflict).toEqual({
      change: { id: "a", field: "status", was: "proposed", to: "accepted" },
      now: "rejected",
    });
    if (!conflict) return;
    const mine = insisted(queue, conflict);
    expect(conflictsOf(mine, now)).toEqual([]);
    expect(nextBatch(mine, new Set(), 9)?.batch.edits).toEqual([
      { id: "a", set: { status: "accepted" }, was: { status: "rejected" } },
    ]);
    expect(sizeOf(without(queue, ["status/a"]))).toBe(0);
  });

  test("an answer that is gone is a conflict with nothing", () => {
    expect(conflictsOf(queue, known(BYE))).toEqual([
      { change: { id: "a", field: "status", was: "proposed", to: "accepted" }, now: null },
    ]);
    expect(sizeOf(settled(queue, known(BYE)))).toBe(1);
  });
});

describe("sending", () => {
  const queue = wish(wish(NOTHING, HELLO, "status", "accepted"), BYE, "note", "hm");

  test("leaves out what waits for the person, and stops at the limit", () => {
    expect(nextBatch(queue, new Set(["status/a"]), 9)?.sent.map(({ id }) => id)).toEqual(["b"]);
    expect(nextBatch(queue, new Set(), 1)?.sent.map(({ id }) => id)).toEqual(["a"]);
    expect(nextBatch(queue, new Set(["status/a", "note/b"]), 9)).toBeNull();
    expect(nextBatch(NOTHING, new Set(), 9)).toBeNull();
  });

  test("what was changed while it was on the way goes on from what was sent", () => {
    const sent = nextBatch(queue, new Set(), 9)?.sent ?? [];
    const meanwhile = wish(queue, BYE, "note", "hm, no");
    expect([...afterSending(meanwhile, sent, []).changes.values()]).toEqual([
      { id: "b", field: "note", was: "hm", to: "hm, no" },
    ]);
    expect(sizeOf(afterSending(queue, sent, []))).toBe(0);
  });

  test("what was sent and not answered may be there: it is no conflict with oneself", () => {
    const flying = whileSending(queue, nextBatch(queue, new Set(), 9)?.sent ?? []);
    const meanwhile = wish(flying, HELLO, "status", "rejected");
    const there = known({ ...HELLO, status: "accepted" }, BYE);
    expect(conflictsOf(settled(meanwhile, there), there)).toEqual([]);
    expect(settled(meanwhile, there).changes.get("status/a")).toEqual({
      id: "a",
      field: "status",
      was: "accepted",
      to: "rejected",
    });
    const others = known({ ...HELLO, text: "Hi" }, { ...BYE, note: "theirs" });
    expect(conflictsOf(settled(meanwhile, others), others).map(({ now }) => now)).toEqual([
      "theirs",
    ]);
  });

  test("what was taken back while it was on the way is sent once more", () => {
    const sent = nextBatch(queue, new Set(), 9)?.sent ?? [];
    const back = wish(whileSending(queue, sent), HELLO, "status", "proposed");
    const after = afterSending(back, sent, []);
    expect(after.changes.get("status/a")).toEqual({
      id: "a",
      field: "status",
      was: "accepted",
      to: "proposed",
    });
  });

  test("an error's param says which change it is about", () => {
    const sent = nextBatch(queue, new Set(), 9)?.sent ?? [];
    expect(faultIn("edits[1].set.note", sent, [])).toBe("note/b");
    expect(faultIn("edits[7].id", sent, [])).toBeNull();
    expect(faultIn("add[0].text", [], [{ id: "own-1", text: "x" }])).toBe("own-1");
    expect(faultIn(null, sent, [])).toBeNull();
  });
});
