import { describe, expect, test } from "vitest";
import { TableError } from "./csv";
import { columnNames, hasHeader, inspect, readRows, textColumn } from "./table";

const never = new AbortController().signal;
const file = (...parts: BlobPart[]) => new File(parts, "some.csv");
const look = (content: File) => inspect(content, null, never, () => undefined);

describe("a file is looked at", () => {
  test("delimiter, rows and width", async () => {
    const table = await look(file("id;text\r\n", "1;hello\r\n".repeat(18), "2;there;more\r\n"));
    expect(table).toMatchObject({
      delimiter: ";",
      encoding: "utf-8",
      lineEnd: "\r\n",
      marked: false,
      rows: 20,
      width: 3,
    });
    expect(table.sample[0]).toEqual(["id", "text"]);
  });

  test("a byte order mark is no part of the first name", async () => {
    const table = await look(file("\ufeffid,text\n1,hello\n"));
    expect(table.marked).toBe(true);
    expect(table.sample[0]).toEqual(["id", "text"]);
  });

  test("what is not UTF-8 is Windows-1252, also far below the beginning", async () => {
    const rest = "plain text\n".repeat(20_000);
    const table = await look(file("text\n", rest, new Uint8Array([0x63, 0x61, 0x66, 0xe9, 0x0a])));
    expect(table.encoding).toBe("windows-1252");
    expect(table.rows).toBe(20_002);
    const rows: string[][] = [];
    for await (const piece of readRows(table)) rows.push(...piece.rows);
    expect(rows.at(-1)).toEqual(["café"]);
  });

  test("UTF-16, as Excel's Unicode text", async () => {
    const text = "\ufeffid\ttext\r\n1\tgrüezi\r\n";
    const bytes = new Uint8Array(new Uint16Array([...text].map((c) => c.charCodeAt(0))).buffer);
    const table = await look(file(bytes));
    expect(table).toMatchObject({ encoding: "utf-16le", delimiter: "\t", rows: 2 });
    expect(table.sample[1]).toEqual(["1", "grüezi"]);
  });

  test("an empty file is told", async () => {
    await expect(look(file(""))).rejects.toThrow(TableError);
    await expect(look(file("\n\n"))).rejects.toThrow("The file is empty.");
  });

  test("50,000 rows come in pieces", async () => {
    const big = file(
      "id,text\n",
      ...Array.from({ length: 50_000 }, (_, n) => `${n},"text, ${n}"\n`),
    );
    const table = await look(big);
    expect(table.rows).toBe(50_001);
    let pieces = 0;
    let last: string[] | undefined;
    for await (const { rows } of readRows(table)) {
      pieces += 1;
      last = rows.at(-1) ?? last;
    }
    expect(pieces).toBeGreaterThan(5);
    expect(last).toEqual(["49999", "text, 49999"]);
  });
});

describe("which column holds the texts", () => {
  test("the one that is called so", () => {
    const sample = [
      ["comment from whom it is", "Text"],
      ["a very long remark on it", "hi"],
    ];
    expect(textColumn(sample, true)).toBe(1);
  });

  test("else the one with the longest cells", () => {
    expect(textColumn([["1", "where is my card", "x"]], false)).toBe(1);
    expect(textColumn([], false)).toBe(0);
  });
});

describe("whether the first row names the columns", () => {
  test.each([
    [
      [
        ["id", "text"],
        ["1", "hello there"],
      ],
      true,
    ],
    [
      [
        ["Betreff", "Nachricht"],
        ["Frage zur Karte", "Meine Karte ist weg"],
      ],
      true,
    ],
    [
      [
        ["where is my card, please", "x"],
        ["hello", "y"],
      ],
      false,
    ],
    [
      [
        ["2024-01-01", "hello"],
        ["2024-01-02", "there"],
      ],
      false,
    ],
    [[["text"]], false],
    [[], false],
  ])("%j: %s", (sample, expected) => {
    expect(hasHeader(sample)).toBe(expected);
  });

  test("columns without a name get a number", () => {
    const table = { sample: [["id", ""]], width: 3 };
    expect(columnNames(table, true)).toEqual(["id", "Column 2", "Column 3"]);
    expect(columnNames(table, false)).toEqual(["Column 1", "Column 2", "Column 3"]);
  });
});
