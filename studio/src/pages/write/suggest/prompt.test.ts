import { expect, test } from "vitest";
import { schema } from "../document/schema";
import { promptAt } from "./prompt";

function text(...paragraphs: string[]) {
  const content = paragraphs.map((each) =>
    schema.node("paragraph", null, each ? [schema.text(each)] : []),
  );
  return schema.node("doc", null, content);
}

test("paragraphs stand apart, and what is behind the cursor is left out", () => {
  const doc = text("First.", "Second and more");
  expect(promptAt(doc, 8 + 1 + "Second".length, "")).toBe("First.\n\nSecond");
});

test("a conversation's mark comes first", () => {
  expect(promptAt(text("Hello"), 6, "<|agent|>")).toBe("<|agent|>Hello");
});

test("of a long text only the end is sent, from a place that rests between two keys", () => {
  const sentence = "The quick brown fox jumps over the lazy dog. ";
  const begun = (length: number) => {
    const doc = text(sentence.repeat(2_000).slice(0, length));
    return promptAt(doc, length + 1, "");
  };
  const lengths = [50_000, 50_001, 50_040, 51_000];
  const prompts = lengths.map(begun);
  for (const prompt of prompts) {
    expect(prompt.length).toBeGreaterThanOrEqual(8_000);
    expect(prompt.length).toBeLessThan(10_001);
  }
  expect(prompts[1]?.startsWith(prompts[0] ?? "?")).toBe(true);
  expect(prompts[2]?.startsWith(prompts[1] ?? "?")).toBe(true);
});
