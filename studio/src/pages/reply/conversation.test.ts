import { expect, test } from "vitest";
import { answered, BLANK, begin, due, isOver, type Script } from "./conversation";

const script: Script = {
  id: "a",
  turns: [
    { role: "user", text: "Hi" },
    { role: "tool", text: "lookup", facts: { id: 7 } },
    { role: "agent", text: "Hello" },
    { role: "agent", text: "What is it?" },
    { role: "user", text: "A flight" },
  ],
};

const said = (texts: { text: string }[]) => texts.map((turn) => turn.text);

test("it begins with all that comes before the agent", () => {
  const scene = begin(script);
  expect(said(scene.said)).toEqual(["Hi", "lookup"]);
  expect(due(scene, script)?.text).toBe("Hello");
});

test("the person's message stands for the agent's, and the others go on", () => {
  const first = answered(begin(script), script, "Good day");
  expect(said(first.said)).toEqual(["Hi", "lookup", "Good day"]);
  expect(due(first, script)?.text).toBe("What is it?");
  const second = answered(first, script, "What is it?");
  expect(said(second.said)).toEqual(["Hi", "lookup", "Good day", "What is it?", "A flight"]);
  expect(isOver(second, script)).toBe(true);
  expect(said(answered(second, script, "More").said).at(-1)).toBe("More");
});

test("without a script nothing goes on by itself", () => {
  expect(answered(BLANK, null, "Hello")).toEqual({
    script: "",
    said: [{ role: "agent", text: "Hello" }],
    played: 0,
  });
});
