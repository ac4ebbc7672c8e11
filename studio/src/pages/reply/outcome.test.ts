import { expect, test } from "vitest";
import { Outcome } from "./outcome";

function told(happens: (outcome: Outcome) => void): string[] {
  const events: string[] = [];
  happens(
    new Outcome(({ suggestion, event, text }) => {
      events.push([suggestion, event, text].filter(Boolean).join(" "));
    }),
  );
  return events;
}

test("what was shown and not taken was ignored", () => {
  const events = told((turn) => {
    turn.shown("a");
    turn.shown("b");
    turn.shown("a");
    turn.accepted("b", "Hello");
    turn.sent("Hello", "s");
  });
  expect(events).toEqual(["a shown", "b shown", "b accepted", "b sent Hello", "a ignored"]);
});

test("what was changed before it was sent was edited", () => {
  const events = told((turn) => {
    turn.accepted("a", "Hello");
    turn.sent("Hello you", "s");
  });
  expect(events).toEqual(["a accepted", "a edited Hello you"]);
});

test("a message that nothing suggested is told of the whole answer", () => {
  expect(told((turn) => turn.sent("Mine", "s"))).toEqual(["s sent Mine"]);
  expect(told((turn) => turn.sent("Mine", undefined))).toEqual([]);
});

test("what was put back was not what was sent", () => {
  const events = told((turn) => {
    turn.accepted("a", "Hello");
    turn.putBack();
    turn.sent("Mine", "s");
  });
  expect(events).toEqual(["a accepted", "s sent Mine"]);
});
