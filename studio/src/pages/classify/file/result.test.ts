import { describe, expect, test } from "vitest";
import type { Row } from "../answers";
import { addedCells, addedColumns, NO_LABEL, OUT_OF_SCOPE, Tally } from "./result";

const row: Row = {
  index: 0,
  results: [
    { model: "bank", version: "1", labels: [{ label: "card", score: 0.75 }], out_of_scope: false },
    {
      model: "food",
      version: "1",
      labels: [
        { label: "burger", score: 0.9 },
        { label: "drink", score: 0.625 },
      ],
    },
  ],
};

describe("the columns that are added", () => {
  test("three for each model, then the errors", () => {
    expect(addedColumns(["bank"], ["id", "text"])).toEqual([
      "bank label",
      "bank score",
      "bank out of scope",
      "error",
    ]);
  });

  test("never one that is there already", () => {
    expect(addedColumns(["bank"], ["error", "error 2", "bank label"])).toEqual([
      "bank label 2",
      "bank score",
      "bank out of scope",
      "error 3",
    ]);
  });
});

describe("the cells of a row", () => {
  test("labels and scores in the order of the models asked", () => {
    expect(addedCells(row, ["food", "bank"])).toEqual([
      "burger | drink",
      "0.9 | 0.625",
      "",
      "card",
      "0.75",
      "no",
      "",
    ]);
  });

  test("an error instead of them", () => {
    const bad: Row = { index: 1, error: { message: "the text is empty", code: "c", param: "p" } };
    expect(addedCells(bad, ["bank"])).toEqual(["", "", "", "the text is empty"]);
  });
});

test("labels are counted, the most frequent first", () => {
  const tally = new Tally();
  tally.add(row);
  tally.add(row);
  const labels = [{ label: "gone", score: 0.2 }];
  tally.add({ index: 2, results: [{ model: "bank", version: "1", labels, out_of_scope: true }] });
  tally.add({ index: 3, results: [{ model: "food", version: "1", labels: [] }] });
  expect(tally.top("bank", 5)).toEqual([
    { label: "card", count: 2 },
    { label: OUT_OF_SCOPE, count: 1 },
  ]);
  expect(tally.top("food", 2)).toEqual([
    { label: "burger", count: 2 },
    { label: "drink", count: 2 },
  ]);
  expect(tally.top("food", 5).at(-1)).toEqual({ label: NO_LABEL, count: 1 });
  expect(tally.top("nobody", 5)).toEqual([]);
});
