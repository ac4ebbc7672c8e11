import { same } from "./edits";
import type { Answer, Field, Value } from "./types";

/** A field that a step changed. */
export interface Turned {
  id: string;
  field: Field;
  from: Value;
  to: Value;
}

/** What one press of a key did. */
export interface Step {
  /** In words, after "undone: ". */
  what: string;
  turned: Turned[];
}

const KEPT = 200;

/**
 * The steps with one more. Typing on in the same field of the same answer is one step, if `goesOn`.
 */
export function withStep(steps: readonly Step[], step: Step, goesOn = false): Step[] {
  const last = steps.at(-1);
  const [before, now] = [last?.turned[0], step.turned[0]];
  const one = last?.turned.length === 1 && step.turned.length === 1;
  if (
    goesOn &&
    last &&
    one &&
    before &&
    now &&
    before.id === now.id &&
    before.field === now.field
  ) {
    const joined = { ...now, from: before.from };
    const rest = steps.slice(0, -1);
    return same(joined.from, joined.to) ? rest : [...rest, { what: last.what, turned: [joined] }];
  }
  const real = step.turned.filter((each) => !same(each.from, each.to));
  if (!real.length) return [...steps];
  return [...steps, { ...step, turned: real }].slice(-KEPT);
}

/** What to set to undo a step, and how many of its fields are no longer as the step left them. */
export function undoing(
  step: Step,
  answers: ReadonlyMap<string, Answer>,
): { turned: Turned[]; passed: number } {
  const turned = step.turned
    .filter(({ id, field, to }) => {
      const answer = answers.get(id);
      return answer !== undefined && same(answer[field], to);
    })
    .map(({ id, field, from, to }) => ({ id, field, from: to, to: from }))
    .reverse();
  return { turned, passed: step.turned.length - turned.length };
}
