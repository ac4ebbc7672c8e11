import type { Problem } from "../../../server/problem";

/** What to do about a request of a bulk job that failed. */
export type Measure =
  /** Ask again after `seconds`. */
  | { kind: "wait"; seconds: number }
  /** Ask again when the server is back. */
  | { kind: "await server" }
  /** Only the person can help: stop until they say go on. */
  | { kind: "stop" };

const LONGEST_WAIT = 30;
const LATE_TRIES = 4;

/**
 * What to do at the `attempt`th failure (from 0) of one request.
 *
 * `random` in [0, 1) spreads clients that were all refused at the same time.
 */
export function measureFor(problem: Problem, attempt: number, random = Math.random()): Measure {
  if (problem.kind === "gone") return { kind: "await server" };
  if (problem.kind === "busy" || (problem.kind === "late" && attempt < LATE_TRIES)) {
    const backOff = Math.min(LONGEST_WAIT, 0.5 * 2 ** attempt);
    return { kind: "wait", seconds: Math.max(problem.retryAfter, backOff) * (1 + 0.25 * random) };
  }
  return { kind: "stop" };
}
