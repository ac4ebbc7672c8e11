import { describe, expect, test } from "vitest";
import { type Draft, edited, firstGap, fromReply, nextGap } from "./draft";

const gap = (name: string, start: number, end: number, filled: boolean) => ({
  name,
  start,
  end,
  filled,
});

//              0         1         2         3
//              0123456789012345678901234567890123
const TEXT = "Flight 329 for {name} leaves {time}";
const draft: Draft = fromReply({
  text: TEXT,
  slots: [gap("id", 7, 10, true), gap("name", 15, 21, false), gap("time", 29, 35, false)],
});
const texts = (some: Draft) => some.gaps.map(({ start, end }) => some.text.slice(start, end));

describe("gaps follow the text", () => {
  test("they are where the reply has them", () => {
    expect(texts(draft)).toEqual(["329", "{name}", "{time}"]);
  });

  test("a value typed into a gap fills it, and those behind move along", () => {
    const typed = edited(draft, "Flight 329 for A leaves {time}");
    expect(texts(typed)).toEqual(["329", "A", "{time}"]);
    expect(typed.gaps[1]?.filled).toBe(true);
    const more = edited(typed, "Flight 329 for Ada leaves {time}");
    expect(texts(more)).toEqual(["329", "Ada", "{time}"]);
  });

  test("what is written before, between and behind leaves them", () => {
    const text = "Hello. Flight 329 only for {name} leaves {time}.";
    const one = edited(draft, "Hello. Flight 329 for {name} leaves {time}");
    const two = edited(one, "Hello. Flight 329 only for {name} leaves {time}");
    expect(texts(edited(two, text))).toEqual(["329", "{name}", "{time}"]);
  });

  test("a gap that is deleted is gone", () => {
    expect(texts(edited(draft, "Flight  for {name} leaves {time}"))).toEqual(["{name}", "{time}"]);
    expect(edited(draft, "").gaps).toEqual([]);
  });

  test("places are code points in the answer and units in the browser", () => {
    const emoji = fromReply({ text: "\u{1f600} {name}", slots: [gap("name", 2, 8, false)] });
    expect(texts(emoji)).toEqual(["{name}"]);
  });
});

describe("going through them", () => {
  test("first to what wants a value", () => {
    expect(firstGap(draft)?.name).toBe("name");
    expect(firstGap({ text: "", gaps: [] })).toBeNull();
  });

  test("forward and back, and to an end", () => {
    expect(nextGap(draft, { start: 15, end: 21 }, 1)?.name).toBe("time");
    expect(nextGap(draft, { start: 16, end: 16 }, 1)?.name).toBe("name");
    expect(nextGap(draft, { start: 29, end: 35 }, 1)).toBeNull();
    expect(nextGap(draft, { start: 29, end: 35 }, -1)?.name).toBe("name");
    expect(nextGap(draft, { start: 7, end: 10 }, -1)).toBeNull();
  });
});
