import type { Phases } from "../../../server/timing";

/** Where an answer's time went; the order of the bar. */
export const PARTS = ["queue", "tokenize", "cache", "encode", "head", "other", "network"] as const;

/** One part of it. */
export type Part = (typeof PARTS)[number];

/** What each part is, for people. */
export const MEANINGS: Record<Part, string> = {
  queue: "waiting for a free encoder",
  tokenize: "text to tokens",
  cache: "looking the text up",
  encode: "the encoder",
  head: "the classifiers",
  other: "the rest of the server",
  network: "the way there and back, and the browser",
};

/** The milliseconds of each part of an answer that took `wall` in all. */
export function split(phases: Phases, wall: number): Record<Part, number> {
  const named = (part: Part) => Math.max(0, phases[part] ?? 0);
  const known = ["queue", "tokenize", "cache", "encode", "head"] as const;
  const sum = known.reduce((total, part) => total + named(part), 0);
  const server = Math.max(sum, phases["total"] ?? sum);
  return {
    queue: named("queue"),
    tokenize: named("tokenize"),
    cache: named("cache"),
    encode: named("encode"),
    head: named("head"),
    other: server - sum,
    network: Math.max(0, wall - server),
  };
}

/** Milliseconds with as many digits as mean something. */
export function milliseconds(value: number): string {
  return `${value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0)} ms`;
}
