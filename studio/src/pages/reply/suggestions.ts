import { signal } from "@preact/signals";
import { ask, isAbort } from "../../server/client";
import { reconnected } from "../../server/connection";
import { Problem } from "../../server/problem";
import { newId } from "../../storage/id";
import { answeredIn, keyed, type Pace, USUAL, wait } from "../../typing/pace";
import type { Turn } from "./conversation";
import type { Slotted } from "./draft";

/** A whole message to send. */
export interface Reply extends Slotted {
  id: string;
  score: number;
}

/** An answer of `POST /v1/suggest`, and the draft it is for. */
export interface Suggested {
  id: string;
  replies: Reply[];
  /** What comes after the draft. */
  completion: { id: string; text: string; score: number } | null;
  draft: string;
  /** Sources that failed or were late, in words; empty when all is well. */
  trouble: string;
  /** From the key to the screen, and within the server, in milliseconds. */
  ms: number;
  serverMs: number;
}

interface Wire {
  id: string;
  replies: Reply[];
  completion: { id: string; text: string; score: number } | null;
  late: string[];
  failed: { source: string; message: string }[];
}

/** How often to suggest: as the server is set, or always. */
export type HowOften = "set" | "always";

/* No answer of the server to a person who types is worth waiting longer for. */
const MOST_MS = 1_000;
const BREATH = 2_000;

/** Asks for suggestions as the draft changes; the newest request takes the place of the others. */
export class ReplySuggester {
  /** What is suggested now; null before the first answer and after a message was sent. */
  readonly suggested = signal<Suggested | null>(null);
  readonly problem = signal<Problem | null>(null);
  readonly #session = newId();
  #pace: Pace = USUAL;
  #lastKey = 0;
  #timer = 0;
  #running: AbortController | null = null;
  #quietUntil = 0;

  /** A key was pressed, at `time` on the clock of `performance.now()`. */
  key(time: number): void {
    this.#pace = keyed(this.#pace, time - this.#lastKey);
    this.#lastKey = time;
  }

  /** Ask for this moment: soon after a key, at once where nobody types. */
  want(conversation: readonly Turn[], draft: string, often: HowOften, now: boolean): void {
    clearTimeout(this.#timer);
    const spent = performance.now() - this.#lastKey;
    const ms = now ? 0 : Math.max(0, wait(this.#pace) - spent);
    if (now) this.#lastKey = performance.now();
    const quiet = this.#quietUntil - performance.now();
    if (quiet === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(
      () => {
        // The server may have asked for quiet since.
        if (performance.now() < this.#quietUntil) this.want(conversation, draft, often, false);
        else void this.#ask(conversation, draft, often);
      },
      Math.max(ms, quiet),
    );
  }

  /** Ask again, after whatever was wrong was put right. */
  resume(): void {
    this.#quietUntil = 0;
    this.problem.value = null;
  }

  /** Show nothing, and ask for nothing until the next `want`. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#running?.abort();
    this.#running = null;
    this.suggested.value = null;
  }

  async #ask(conversation: readonly Turn[], draft: string, often: HowOften): Promise<void> {
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    const started = performance.now();
    try {
      const { value, phases } = await ask<Wire>("v1/suggest", {
        body: {
          conversation,
          draft,
          session: this.#session,
          max_time_ms: MOST_MS,
          ...(often === "always" ? { coverage: { reply: 1, completion: 1 } } : {}),
        },
        signal: running.signal,
        // Not over somebody who types.
        mayAskForKey: false,
      });
      this.#pace = answeredIn(this.#pace, performance.now() - started);
      if (!isWire(value)) throw new Problem("failed", "The answer suggests nothing readable.");
      this.problem.value = null;
      this.suggested.value = {
        ...value,
        draft,
        trouble: troubleOf(value),
        ms: performance.now() - this.#lastKey,
        serverMs: phases["total"] ?? 0,
      };
    } catch (error) {
      if (running.signal.aborted || isAbort(error) || !(error instanceof Problem)) return;
      await this.#failed(error, () => {
        if (this.#running === running) this.want(conversation, draft, often, true);
      });
    }
  }

  async #failed(problem: Problem, again: () => void): Promise<void> {
    if (problem.kind === "superseded") return;
    if (problem.kind === "gone") {
      await reconnected();
      again();
      return;
    }
    this.problem.value = problem;
    // What is refused is refused for the next key too.
    const ms = Math.max(BREATH, problem.retryAfter * 1_000);
    const refused = problem.kind === "refused";
    this.#quietUntil = refused ? Number.POSITIVE_INFINITY : performance.now() + ms;
    if (problem.passes) setTimeout(again, ms);
  }
}

/* Something else may answer in the server's place, such as a proxy. */
function isWire(value: Partial<Wire> | null): value is Wire {
  return [value?.replies, value?.late, value?.failed].every(Array.isArray);
}

function troubleOf({ late, failed }: Wire): string {
  return [
    ...late.map((source) => `The ${source} model was too slow.`),
    ...failed.map(({ source, message }) => `No ${source}: ${message}`),
  ].join(" ");
}
