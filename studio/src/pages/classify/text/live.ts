import { effect, signal } from "@preact/signals";
import { ask } from "../../../server/client";
import { keyGiven } from "../../../server/key";
import { loadModels, type Model } from "../../../server/models";
import type { Problem } from "../../../server/problem";
import type { Phases } from "../../../server/timing";
import type { Classification, Classified, Explained, Explanation } from "../answers";
import { asked, text, topK } from "../choice";
import { Latest } from "./latest";
import { Pace } from "./pace";

/** What the classifiers say of a text. */
export interface Found {
  text: string;
  results: Classification[];
  /** For models that give any number of labels, those over their own thresholds. */
  given: Map<string, Set<string>>;
  truncated: boolean;
  cached: boolean;
  tokens: number;
  phases: Phases;
  ms: number;
}

/** Which words of a text mattered. */
export interface Words {
  text: string;
  data: Explanation[];
  truncated: boolean;
  runs: number;
  ms: number;
}

/** The newest answer; of an older text while a newer one is asked for. */
export const found = signal<Found | null>(null);
/** Why there is no newer one. */
export const problem = signal<Problem | null>(null);
/** The newest explanation. */
export const words = signal<Words | null>(null);
/** Why there is no newer one. */
export const wordsProblem = signal<Problem | null>(null);
/** The label to explain by model, where the person chose one; else the most probable. */
export const labels = signal<Readonly<Record<string, string>>>({});
/** The model whose words are shown. */
export const lookedAt = signal<string | null>(null);

/* Explaining costs a run of the encoder for every word, so it waits for a real pause. */
const pace = new Pace(15, 500);
const wordsPace = new Pace(120, 1_200);

const classifying = new Latest((failure) => {
  problem.value = failure;
  if (failure?.status === 404) void loadModels();
});
const explaining = new Latest((failure) => {
  wordsProblem.value = failure;
});

/** The person changed the text. */
export function retype(input: string): void {
  const now = performance.now();
  pace.typed(now);
  wordsPace.typed(now);
  // Another text has another best label.
  if (Object.keys(labels.peek()).length > 0) labels.value = {};
  text.value = input;
}

/** Ask again what failed. */
export function again(): void {
  void classifyNow(0);
}

/** Follow text and choices until the returned function is called. */
export function follow(): () => void {
  const stopAsking = effect(() => {
    // A key that was given makes refused requests worth another try.
    void keyGiven.value;
    classifyNow(pace.delay, text.value, asked.value, topK.value);
  });
  const stopExplaining = effect(() => {
    const classified = found.value;
    const wanted = labels.value;
    if (classified) explain(classified, wanted);
  });
  return () => {
    stopAsking();
    stopExplaining();
    classifying.stop();
    explaining.stop();
  };
}

function classifyNow(
  delay: number,
  input = text.peek(),
  models = asked.peek(),
  top = topK.peek(),
): void {
  explaining.stop();
  if (!input.trim() || models.length === 0) {
    classifying.stop();
    found.value = null;
    words.value = null;
    problem.value = null;
    wordsProblem.value = null;
    return;
  }
  classifying.start(delay, (signal) => classify(input, models, top, signal));
}

async function classify(
  input: string,
  models: readonly Model[],
  top: number,
  signal: AbortSignal,
): Promise<void> {
  const answer = await ask<Classified>("v1/classify", {
    body: { model: models.map((model) => model.id), input, top_k: top },
    signal,
  });
  const given = await givenLabels(input, models, signal);
  signal.throwIfAborted();
  pace.answered(answer.ms);
  const row = answer.value.data[0];
  found.value = {
    text: input,
    results: row?.results ?? [],
    given,
    truncated: row?.truncated === true,
    cached: answer.value.usage.cached_rows > 0,
    tokens: answer.value.usage.tokens,
    phases: answer.phases,
    ms: answer.ms,
  };
}

/** What models that give any number of labels give by themselves; the text is in the cache now. */
async function givenLabels(
  input: string,
  models: readonly Model[],
  signal: AbortSignal,
): Promise<Map<string, Set<string>>> {
  const names = models.filter((model) => model.task === "multi").map((model) => model.id);
  if (names.length === 0) return new Map();
  const body = { model: names, input };
  const { value } = await ask<Classified>("v1/classify", { body, signal });
  const results = value.data[0]?.results ?? [];
  return new Map(
    results.map((each) => [each.model, new Set(each.labels.map((found) => found.label))]),
  );
}

function explain(classified: Found, wanted: Readonly<Record<string, string>>): void {
  const names = classified.results.map((each) => each.model);
  const known = new Map(asked.peek().map((model) => [model.id, model.labels]));
  const label = Object.fromEntries(
    Object.entries(wanted).filter(([name, each]) => known.get(name)?.includes(each)),
  );
  const same = words.peek()?.text === classified.text;
  explaining.start(same ? 0 : wordsPace.delay, async (signal) => {
    const answer = await ask<Explained>("v1/explain", {
      body: { model: names, input: classified.text, label },
      signal,
    });
    signal.throwIfAborted();
    wordsPace.answered(answer.ms);
    words.value = {
      text: classified.text,
      data: answer.value.data,
      truncated: answer.value.truncated,
      runs: answer.value.usage.rows,
      ms: answer.ms,
    };
  });
}
