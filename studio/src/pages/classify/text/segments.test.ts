import { describe, expect, test } from "vitest";
import type { WordEffect } from "../answers";
import { inWords, percent, segments, signed, strengths } from "./segments";

const word = (start: number, end: number, effect = 0, log_odds = 0): WordEffect => ({
  start,
  end,
  text: "",
  effect,
  log_odds,
});

describe("a text in pieces", () => {
  test("words and what stands between", () => {
    const found = segments("my card, please!", [word(0, 2), word(3, 7), word(9, 15)]);
    expect(found.map((each) => [each.text, each.word !== null])).toEqual([
      ["my", true],
      [" ", false],
      ["card", true],
      [", ", false],
      ["please", true],
      ["!", false],
    ]);
  });

  test("places count code points, not UTF-16", () => {
    const found = segments("😡 no 👨‍👩‍👧!", [word(0, 1), word(2, 4), word(5, 10)]);
    expect(found.map((each) => each.text)).toEqual(["😡", " ", "no", " ", "👨‍👩‍👧", "!"]);
  });

  test("what the encoder did not read is one piece", () => {
    expect(segments("a b c", [word(0, 1)])).toEqual([
      { text: "a", word: word(0, 1) },
      { text: " b c", word: null },
    ]);
    expect(segments("", [])).toEqual([]);
  });
});

describe("how strongly a word is tinted", () => {
  test("the strongest is full, the others in proportion, the weak not at all", () => {
    expect(strengths([word(0, 1, 0.4), word(1, 2, -0.2), word(2, 3, 0.004)])).toEqual([1, -0.5, 0]);
  });

  test("where none does much, none is full", () => {
    expect(strengths([word(0, 1, 0.0125)])).toEqual([0.25]);
  });

  test("log-odds tell where the score is too sure to move", () => {
    expect(strengths([word(0, 1, 0, 4), word(1, 2, 0, -1), word(2, 3, 0, 0.05)])).toEqual([
      1, -0.25, 0,
    ]);
    expect(strengths([])).toEqual([]);
  });
});

describe("what a word did, in words", () => {
  test.each([
    [word(0, 1, 0.25, 1.5), "speaks for card: 75.0 % with it, 50.0 % without (log-odds +1.50)"],
    [
      word(0, 1, -0.125, -0.7),
      "speaks against card: 75.0 % with it, 87.5 % without (log-odds −0.70)",
    ],
    [word(0, 1), "made no difference (75.0 %)"],
  ])("%j", (effect, text) => {
    expect(inWords(effect, 0.75, "card")).toBe(text);
  });
});

test("probabilities are never rounded to what they are not", () => {
  expect([0, 0.0004, 0.001, 0.5, 0.9994, 1].map(percent)).toEqual([
    "0.0 %",
    "< 0.1 %",
    "0.1 %",
    "50.0 %",
    "> 99.9 %",
    "100.0 %",
  ]);
});

test("numbers have a sign", () => {
  expect([signed(1.234, 1), signed(-0.5, 1), signed(0.001, 1)]).toEqual(["+1.2", "−0.5", "0.0"]);
});
