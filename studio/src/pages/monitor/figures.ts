/** A phase in numbers, milliseconds; null where it never happened. */
export interface Phase {
  phase: string;
  count: number;
  mean: number | null;
  p50: number | null;
  p90: number | null;
  p99: number | null;
}

/** What one model did. */
export interface ModelFigures {
  model: string;
  kind: string;
  requests: number;
  rows: number;
  refused: number;
  errors: number;
  completions: number;
  prompt_tokens: number;
  cached_tokens: number;
  completion_tokens: number;
  first_token: Phase | null;
  requests_per_second: number[];
}

/** A phase over time. */
export interface Curves {
  p50: (number | null)[];
  p90: (number | null)[];
  p99: (number | null)[];
}

/** Columns of time, oldest first; every list has one entry for each. */
export interface Timeline {
  until: number[];
  seconds: number[];
  requests: number[];
  refused: number[];
  errors: number[];
  in_flight: number[];
  queued: number[];
  hit_ratio: (number | null)[];
  phases: Record<string, Curves>;
}

/** The window that is looked at. */
export type Window = "hour" | "start";

/** The answer of `GET /v1/monitor/{window}`. */
export interface Figures {
  window: Window;
  started: number;
  now: number;
  seconds: number;
  live: { in_flight: number; rows: number; queued: number; generating: number };
  requests: number;
  refused: number;
  errors: number;
  hit_ratio: number | null;
  token_hit_ratio: number | null;
  phases: Phase[];
  models: ModelFigures[];
  suggestions: { source: string; outcome: string; count: number }[];
  timeline: Timeline;
}

/** What the phases are called, in the order of a request's way. */
export const PHASES: Record<string, { title: string; meaning: string }> = {
  request: { title: "Whole request", meaning: "from the first byte to the last, in the server" },
  queue: { title: "Queue", meaning: "waiting for the encoder" },
  tokenize: { title: "Tokenize", meaning: "text to tokens" },
  encode: { title: "Encode", meaning: "running the encoder" },
  head: { title: "Head", meaning: "classifying, or ranking replies" },
  completion_queue: { title: "Completion queue", meaning: "waiting for the language model" },
  first_token: { title: "First token", meaning: "of a completion, waiting included" },
};

const whole = new Intl.NumberFormat("en");
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** `1,234`, and from 100,000 on `123K`. */
export function count(value: number): string {
  return value >= 100_000 ? compact.format(value) : whole.format(value);
}

/** A rate a second: `0`, `0.03`, `4.2`, `120`. */
export function rate(value: number): string {
  if (value === 0) return "0";
  if (value < 0.1) return value.toPrecision(1);
  return value < 100 ? String(Number(value.toFixed(value < 10 ? 1 : 0))) : count(Math.round(value));
}

/** Milliseconds: `0.12 ms`, `8.4 ms`, `120 ms`, `2.5 s`; a dash for none. */
export function duration(ms: number | null): string {
  if (ms === null) return "–";
  if (ms >= 1000) return `${Number((ms / 1000).toPrecision(2))} s`;
  if (ms >= 100) return `${Math.round(ms)} ms`;
  return `${Number(ms.toPrecision(2))} ms`;
}

/** A share: `0%`, `0.3%`, `87%`; never rounded up to all. */
export function share(value: number | null): string {
  if (value === null) return "–";
  const percent = value * 100;
  if (percent > 0 && percent < 1) return `${percent < 0.1 ? "<0.1" : percent.toFixed(1)}%`;
  return `${percent > 99 && percent < 100 ? "99" : Math.round(percent)}%`;
}

/** How long: `40 s`, `12 min`, `3 h 5 min`, `4 days`. */
export function span(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.floor(hours / 24)} days`;
}

/** A clock time of this browser's place. */
export function clock(seconds: number, withSeconds = false): string {
  return new Date(seconds * 1000).toLocaleTimeString("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    ...(withSeconds ? { second: "2-digit" } : {}),
  });
}

/** Whether anybody ever asked a model. */
export function isQuiet(figures: Figures): boolean {
  return figures.requests === 0 && figures.models.every((model) => model.requests === 0);
}

/** Requests a second in the last half minute or so, by the columns there are. */
export function currentRate(timeline: Timeline): number | null {
  let requests = 0;
  let seconds = 0;
  for (let at = timeline.until.length - 1; at >= 0 && seconds < 30; at--) {
    const length = timeline.seconds[at] ?? 0;
    requests += (timeline.requests[at] ?? 0) * length;
    seconds += length;
  }
  return seconds > 0 ? requests / seconds : null;
}

/** Share of a model's prompt tokens that were remembered. */
export function cachedShare(model: ModelFigures): number | null {
  return model.prompt_tokens > 0 ? model.cached_tokens / model.prompt_tokens : null;
}

/** The window in words, for headings and drawings. */
export function windowWords(figures: Figures): string {
  if (figures.window === "start")
    return `since the start, ${span(figures.now - figures.started)} ago`;
  return figures.seconds < 3500 ? `in the last ${span(figures.seconds)}` : "in the last hour";
}
