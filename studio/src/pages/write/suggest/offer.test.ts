import { describe, expect, test } from "vitest";
import {
  arrived,
  choose,
  current,
  emptyOffer,
  fitting,
  isAlive,
  type Offer,
  step,
  tookBack,
  typedOn,
} from "./offer";

function offer(...texts: string[]): Offer {
  const choices = texts.map((text) => ({ text, done: true, score: -1 }));
  return arrived(emptyOffer(false), choices, true);
}

const rests = (some: Offer) => fitting(some).map((each) => each.rest);

describe("typing on", () => {
  const three = offer("e door open", "e window", "at it was");

  test("keeps what goes on as typed, and drops the rest", () => {
    const next = typedOn(three, "e ");
    expect(rests(next)).toEqual(["door open", "window"]);
    expect(isAlive(next)).toBe(true);
  });

  test("moves the selection off a choice that dropped out", () => {
    const next = typedOn(step(step(three, 1), 1), "e");
    expect(current(next)?.rest).toBe(" door open");
  });

  test("ends it when nothing goes on so", () => {
    expect(isAlive(typedOn(three, "x"))).toBe(false);
  });

  test("ends it when all was typed", () => {
    expect(isAlive(typedOn(offer("me"), "me"))).toBe(false);
  });

  test("taking back brings dropped choices back", () => {
    const next = tookBack(typedOn(three, "e d"), 3);
    expect(next && rests(next)).toEqual(["e door open", "e window", "at it was"]);
  });

  test("taking back more than was typed ends it", () => {
    expect(tookBack(typedOn(three, "e"), 2)).toBeNull();
  });
});

describe("streaming", () => {
  const partly = (text: string, done: boolean) => ({ text, done, score: null });

  test("an offer without pieces waits, however much is typed", () => {
    expect(isAlive(typedOn(emptyOffer(false), "abc"))).toBe(true);
  });

  test("a choice that has not come as far as was typed may still come", () => {
    const some = arrived(typedOn(emptyOffer(false), " the d"), [partly(" the", false)], false);
    expect(fitting(some)).toEqual([]);
    expect(isAlive(some)).toBe(true);
    expect(rests(arrived(some, [partly(" the door", false)], false))).toEqual(["oor"]);
  });

  test("it is over when every choice went another way", () => {
    const some = typedOn(emptyOffer(false), " a");
    expect(isAlive(arrived(some, [partly(" the", false)], false))).toBe(false);
    expect(isAlive(arrived(some, [partly(" a", true)], true))).toBe(false);
  });

  test("an answer without choices is over", () => {
    expect(isAlive(arrived(emptyOffer(false), [], true))).toBe(false);
  });
});

describe("choosing", () => {
  const three = offer("one", "two", "three");

  test("goes around in both directions and counts as engaged", () => {
    expect(current(step(three, -1))?.rest).toBe("three");
    expect(current(step(step(step(three, 1), 1), 1))?.rest).toBe("one");
    expect(step(three, 1).engaged).toBe(true);
  });

  test("numbers are those of the choices shown", () => {
    const left = typedOn(three, "t");
    expect(current(choose(left, 1))?.rest).toBe("hree");
    expect(choose(left, 2)).toBe(left);
  });
});
