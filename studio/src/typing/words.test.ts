import { expect, test } from "vitest";
import { firstWord, lastWordPart } from "./words";

test.each([
  [" door open", " door"],
  ["e door", "e"],
  [", and then", ","],
  ["’t go", "’t"],
  ["co-operate now", "co-operate"],
  [" 12.5 kg", " 12"],
  ["\u4eca\u65e5\u306f", "\u4eca"],
  ["\u{1f600} yes", "\u{1f600}"],
  ["  ", "  "],
])("the first word of %j is %j", (rest, word) => {
  expect(firstWord(rest)).toBe(word);
});

test.each([
  ["and saw th", "th"],
  ["and saw ", ""],
  ["it’s", "it’s"],
  ["", ""],
])("%j ends in the word part %j", (text, part) => {
  expect(lastWordPart(text)).toBe(part);
});
