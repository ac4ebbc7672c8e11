import { describe, expect, test } from "vitest";
import { keyOf } from "./edits";
import { EVERYTHING, occurring, reviewed, statesOf, visible } from "./filter";
import { lead, merge, rootOf, totalsOf } from "./merging";
import { Nearest } from "./nearest";
import { drawn, scrollTo } from "./rows";
import { piecesOf } from "./slots";
import { tagsWith } from "./tagging";
import { type Answer, filled, type SentAnswer } from "./types";
import { undoing, withStep } from "./undo";

const SENT: SentAnswer[] = [
  { id: "ask", text: "Could I get your name, please?", count: 45, share: 0.45, tags: ["name"] },
  { id: "may", text: "May I have your name, please?", count: 30, share: 0.3 },
  { id: "bye", text: "Thank you and goodbye.", count: 80, share: 0.8, status: "accepted" },
  { id: "angela", text: "Hello Angela.", count: 1, flags: ["person"], status: "rejected" },
  { id: "need", text: "I need your name", count: 2, merged_into: "may", said: "Your name, Bob?" },
];
const LIST = SENT.map(filled);
const BY_ID = new Map(LIST.map((each) => [each.id, each]));
const [ASK, MAY, , , NEED] = LIST as [Answer, Answer, Answer, Answer, Answer];

describe("what is shown", () => {
  const totals = totalsOf(LIST, BY_ID);
  const ids = (filter: Partial<typeof EVERYTHING>) =>
    visible(LIST, { ...EVERYTHING, ...filter }, totals).map(({ id }) => id);

  test("is what was said most first, merged answers aside", () => {
    expect(ids({})).toEqual(["bye", "ask", "may", "angela"]);
    expect(ids({ status: "merged" })).toEqual(["need"]);
    expect(ids({ status: "proposed" })).toEqual(["ask", "may"]);
    expect(ids({ status: "rejected" })).toEqual(["angela"]);
  });

  test("has all the words that are searched for, wherever they stand", () => {
    expect(ids({ words: "NAME please" })).toEqual(["ask", "may"]);
    expect(ids({ words: "bob", status: "merged" })).toEqual(["need"]);
    expect(ids({ words: "nowhere" })).toEqual([]);
  });

  test("has the tag and the flag", () => {
    expect(ids({ tag: "name" })).toEqual(["ask"]);
    expect(ids({ flag: "person" })).toEqual(["angela"]);
    expect(ids({ flag: "person", tag: "name" })).toEqual([]);
  });

  test("is counted", () => {
    expect(statesOf(LIST)).toEqual({ all: 4, proposed: 2, accepted: 1, rejected: 1, merged: 1 });
    expect(reviewed(LIST)).toBe(3);
    expect(occurring([ASK, { ...MAY, tags: ["b", "name"] }], "tags")).toEqual([
      { word: "name", count: 2 },
      { word: "b", count: 1 },
    ]);
  });
});

describe("merging", () => {
  test("the one that stays has the counts of all", () => {
    const total = totalsOf(LIST, BY_ID).get("may");
    expect(total?.count).toBe(32);
    expect(total?.merged).toEqual([NEED]);
  });

  test("the one that was said more often stays, or is accepted", () => {
    expect(merge(MAY, ASK, BY_ID)).toEqual([
      { id: "may", field: "merged_into", from: "", to: "ask" },
    ]);
    expect(merge(ASK, { ...MAY, status: "accepted" }, BY_ID)).toEqual([
      { id: "ask", field: "merged_into", from: "", to: "may" },
    ]);
  });

  test("what is merged already is not merged again", () => {
    expect(merge(NEED, MAY, BY_ID)).toEqual([]);
    expect(merge(NEED, ASK, BY_ID)).toEqual([
      { id: "may", field: "merged_into", from: "", to: "ask" },
    ]);
  });

  test("a merged answer can take the lead", () => {
    const total = totalsOf(LIST, BY_ID).get("may");
    if (!total) throw new Error("no total");
    expect(lead(NEED, total, MAY)).toEqual([
      { id: "need", field: "merged_into", from: "may", to: "" },
      { id: "may", field: "merged_into", from: "", to: "need" },
    ]);
  });

  test("a circle, or a target that is gone, ends", () => {
    const one = filled({ id: "1", text: "x", merged_into: "2" });
    const two = filled({ id: "2", text: "y", merged_into: "1" });
    const lost = filled({ id: "3", text: "z", merged_into: "none" });
    const all = new Map([one, two, lost].map((each) => [each.id, each]));
    expect(rootOf(one, all)).toBe(one);
    expect(rootOf(lost, all)).toBe(lost);
    expect(totalsOf([one, two, lost], all).size).toBe(0);
  });
});

test("answers that share rare words are near, oneself is not", () => {
  const near = new Nearest(LIST).of("ask", ASK.text, 5);
  expect(near[0]?.id).toBe("may");
  expect(near.map(({ id }) => id)).not.toContain("ask");
  expect(near.map(({ id }) => id)).not.toContain("bye");
  expect(new Nearest(LIST).of("x", "{}", 5)).toEqual([]);
});

describe("undo", () => {
  const accept = { id: "ask", field: "status", from: "proposed", to: "accepted" } as const;

  test("exchanges before and after", () => {
    const answers = new Map([["ask", { ...ASK, status: "accepted" as const }]]);
    expect(undoing({ what: "accepted", turned: [accept] }, answers)).toEqual({
      turned: [{ id: "ask", field: "status", from: "accepted", to: "proposed" }],
      passed: 0,
    });
  });

  test("leaves alone what is no longer as the step left it", () => {
    const answers = new Map([["ask", { ...ASK, status: "rejected" as const }]]);
    expect(undoing({ what: "accepted", turned: [accept] }, answers)).toEqual({
      turned: [],
      passed: 1,
    });
  });

  test("typing on is one step, and typing it back is none", () => {
    const typed = (from: string, to: string) => ({
      what: "reworded",
      turned: [{ id: "ask", field: "text" as const, from, to }],
    });
    const one = withStep([], typed("a", "ab"));
    const two = withStep(one, typed("ab", "abc"), true);
    expect(two).toEqual([typed("a", "abc")]);
    expect(withStep(two, typed("abc", "abcd"))).toHaveLength(2);
    expect(withStep(two, typed("abc", "a"), true)).toEqual([]);
  });

  test("what changes nothing is no step, and old steps go", () => {
    const nothing = { what: "tagged", turned: [{ ...accept, to: "proposed" as const }] };
    expect(withStep([], nothing)).toEqual([]);
    const many = Array.from({ length: 300 }, () => ({ what: "accepted", turned: [accept] }));
    const kept = many.reduce<ReturnType<typeof withStep>>(
      (steps, each) => withStep(steps, each),
      [],
    );
    expect(kept).toHaveLength(200);
  });
});

test("slots are told from words and braces, as the server does", () => {
  expect(piecesOf("Hi {user_name}, {{x}} {Big} {id}{id}")).toEqual([
    { text: "Hi ", slot: false },
    { text: "user_name", slot: true },
    { text: ", {x} {Big} ", slot: false },
    { text: "id", slot: true },
    { text: "id", slot: true },
  ]);
  expect(piecesOf("")).toEqual([]);
});

test("only the rows in sight are drawn, and moving scrolls as little as possible", () => {
  expect(drawn(0, 600, 60, 10_000)).toEqual({ first: 0, end: 18 });
  expect(drawn(30_000, 600, 60, 10_000)).toEqual({ first: 492, end: 518 });
  expect(drawn(9e9, 600, 60, 3)).toEqual({ first: 0, end: 3 });
  expect(drawn(0, 600, 60, 0)).toEqual({ first: 0, end: 0 });
  expect(scrollTo(3, 0, 600, 60)).toBe(0);
  expect(scrollTo(10, 0, 600, 60)).toBe(60);
  expect(scrollTo(2, 300, 600, 60)).toBe(120);
});

test("tags are separated by commas, and each there once", () => {
  expect(tagsWith(["a"], " b  c, a;; d ")).toEqual(["a", "b c", "d"]);
  expect(tagsWith(["a"], " ")).toEqual(["a"]);
});

test("a change has a name of its own", () => {
  expect(keyOf("a/b", "text")).toBe("text/a/b");
});
