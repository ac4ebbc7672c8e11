import { send } from "../../../server/client";
import { events } from "../../../server/events";
import { Problem, problemOf } from "../../../server/problem";
import type { Choice } from "./offer";

/** Where suggestions end. */
export type StopAt = "gain" | "word" | "clause" | "sentence";

/** What is asked; the names are the API's. */
export interface CompletionRequest {
  model: string;
  prompt: string;
  n: number;
  max_tokens: number;
  temperature: number;
  top_p: number;
  stop_at: StopAt;
  session: string;
  /** Answer only the surest share of places; left out, always. */
  coverage?: number;
}

/** What has come of an answer so far. */
export interface Progress {
  choices: Choice[];
  done: boolean;
  /** With the last event. */
  usage: Usage | null;
}

/** Tokens of the prompt, and those of them that the server remembered. */
export interface Usage {
  prompt: number;
  cached: number;
}

interface Event {
  choices?: {
    index: number;
    text?: string | null;
    finish_reason?: string | null;
    score?: number | null;
  }[];
  usage?: {
    prompt_tokens: number;
    prompt_tokens_details?: { cached_tokens: number } | null;
  } | null;
  error?: unknown;
}

/**
 * Ask for continuations and report whenever more of them is here.
 *
 * Pieces that came together are reported together. Throws `Problem`, or `AbortError` when `signal`
 * says so.
 */
export async function complete(
  request: CompletionRequest,
  signal: AbortSignal,
  report: (progress: Progress) => void,
  /** Whether a dialog for a key may come up: not over somebody who types. */
  mayAskForKey: boolean,
): Promise<void> {
  const body = {
    ...request,
    stop: ["\n"],
    stream: true,
    stream_options: { include_usage: true },
  };
  const response = await send("v1/completions", { body, signal, mayAskForKey });
  const choices: Choice[] = [];
  let usage: Usage | null = null;
  let told = true;
  const tell = (done: boolean) => {
    told = true;
    report({ choices: choices.map((choice) => ({ ...choice })), done, usage });
  };
  for await (const event of events(response, signal)) {
    usage = take(event as Event | null, choices, request.n) ?? usage;
    if (!told) continue;
    told = false;
    queueMicrotask(() => {
      if (!told && !signal.aborted) tell(false);
    });
  }
  if (usage === null) throw new Problem("late", "The answer broke off.");
  tell(true);
}

/* Nothing is made of what a server may leave out, or of choices beyond those asked for. */
function take(event: Event | null, choices: Choice[], most: number): Usage | null {
  if (event?.error !== undefined) throw problemOf(200, null, event);
  for (const { index, text, finish_reason, score } of event?.choices ?? []) {
    if (!(index < most)) continue;
    while (choices.length <= index) choices.push({ text: "", done: false, score: null });
    const choice = choices[index];
    if (!choice) continue;
    choice.text += text ?? "";
    choice.done = (finish_reason ?? null) !== null;
    choice.score = score ?? choice.score;
  }
  if (!event?.usage) return null;
  return {
    prompt: event.usage.prompt_tokens,
    cached: event.usage.prompt_tokens_details?.cached_tokens ?? 0,
  };
}
