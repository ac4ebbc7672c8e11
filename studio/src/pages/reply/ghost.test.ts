import { expect, test } from "vitest";
import { ghostOf } from "./ghost";
import type { Suggested } from "./suggestions";

const suggested: Suggested = {
  id: "s",
  replies: [{ id: "r", text: "Could I get your name, please?", slots: [], score: 0.9 }],
  completion: { id: "c", text: "ld you wait?", score: -1 },
  draft: "Cou",
  trouble: "",
  ms: 1,
  serverMs: 1,
};

test.each([
  ["Cou", "c", "ld you wait?"],
  ["Could you", "c", " wait?"],
  ["Co", "c", "uld you wait?"],
  ["Could I", "r", " get your name, please?"],
])("behind %j comes %s: %j", (draft, id, text) => {
  expect(ghostOf(suggested, draft)).toEqual({ id, text });
});

test.each(["Could you wait?", "Hello", "could"])("behind %j comes nothing", (draft) => {
  expect(ghostOf(suggested, draft)).toBeNull();
});
