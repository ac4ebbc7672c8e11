import { describe, expect, test } from "vitest";
import { type Delimiter, guarded, guessDelimiter, RowReader, TableError, writeRow } from "./csv";

function read(text: string, delimiter: Delimiter = ",", size = text.length || 1): string[][] {
  const reader = new RowReader(delimiter);
  const rows: string[][] = [];
  for (let at = 0; at < text.length; at += size)
    rows.push(...reader.push(text.slice(at, at + size)));
  return [...rows, ...reader.end()];
}

const NASTY = 'id,text\r\n1,"a, ""b""\r\nc"\n2,\n\n3,"x"y\r4,"",\n5,"open';
const ROWS = [
  ["id", "text"],
  ["1", 'a, "b"\r\nc'],
  ["2", ""],
  ["3", "xy"],
  ["4", "", ""],
  ["5", "open"],
];

describe("rows are read", () => {
  test("with quotes, any line end, empty cells, and a quote that is not closed", () => {
    expect(read(NASTY)).toEqual(ROWS);
  });

  test.each([1, 2, 3, 5, 7, 11])("the same in pieces of %i characters", (size) => {
    expect(read(NASTY, ",", size)).toEqual(ROWS);
  });

  test("with other delimiters", () => {
    expect(read("a\tb,c\n1\t2", "\t")).toEqual([
      ["a", "b,c"],
      ["1", "2"],
    ]);
    expect(read("a|b;c\n", "|")).toEqual([["a", "b;c"]]);
  });

  test("one text a line, quotes and commas being part of it", () => {
    expect(read('say "hi", please\n"so"', "")).toEqual([['say "hi", please'], ['"so"']]);
  });

  test("of nothing there are none", () => {
    expect(read("")).toEqual([]);
    expect(read("\n\r\n")).toEqual([]);
  });

  test("a quote that never closes is told, not kept in memory", () => {
    const reader = new RowReader(",");
    reader.push("id,text\n1,fine\n");
    expect(() => reader.push(`2,"${"x".repeat(1_000_001)}`)).toThrow(TableError);
  });
});

describe("the delimiter is guessed", () => {
  test.each<[string, Delimiter]>([
    ["id,text\n1,hello\n2,there\n", ","],
    ["id;text\n1;hello, you\n2;there\n", ";"],
    ["text\tlabel\tsplit\na, b\tx\ttrain\nc\ty\ttest\n", "\t"],
    ['a|b\n"x|y"|z\n', "|"],
    ["hello, how are you\nwhere is my card\nplease, help, me\n", ""],
    ["one text\n", ""],
    ["", ""],
  ])("%j", (sample, delimiter) => {
    expect(guessDelimiter(sample)).toBe(delimiter);
  });
});

describe("a cell never becomes a formula", () => {
  test.each([
    ["=1+1", "'=1+1"],
    ["+SUM(A1)", "'+SUM(A1)"],
    ["-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"],
    ["@SUM(1)", "'@SUM(1)"],
    ["\t=1", "'\t=1"],
    ["- please", "'- please"],
    ["-5", "-5"],
    ["+49.5", "+49.5"],
    ["-1.5e-7", "-1.5e-7"],
    ["a=b", "a=b"],
    ["", ""],
  ])("%j", (cell, written) => {
    expect(guarded(cell)).toBe(written);
  });
});

describe("rows are written", () => {
  test("quoted where that is needed, and read back the same", () => {
    const row = ["a,b", 'say "x"', "two\nlines", " padded ", "plain", "", "ends\r"];
    const line = writeRow(row, ",");
    expect(line).toBe('"a,b","say ""x""","two\nlines"," padded ",plain,,"ends\r"');
    expect(read(line)).toEqual([row]);
  });

  test("guarded before they are quoted", () => {
    expect(writeRow(["=A1,B1", "ok"], ",")).toBe('"\'=A1,B1",ok');
  });

  test("one text a line gets columns by commas", () => {
    expect(writeRow(["a, b", "label"], "")).toBe('"a, b",label');
  });
});
