import { signal } from "@preact/signals";
import { ask } from "../../server/client";
import { reconnected } from "../../server/connection";
import { Problem } from "../../server/problem";

/** What became of a suggestion, as the API takes it. */
export interface Feedback {
  suggestion: string;
  event: "shown" | "accepted" | "edited" | "ignored" | "sent";
  text?: string;
  /** Unix seconds. */
  time: number;
}

const PLACE = "cuebox.reply.feedback";
/* The API takes 1,000 at once; what is older than this many is not worth keeping. */
const MOST = 500;
const PAUSE = 400;
const RETRY = 10_000;

/** Feedback that the server has not confirmed yet; it survives a reload. */
export class Outbox {
  /** How many events the server recorded. */
  readonly recorded = signal(0);
  /** How many wait. */
  readonly waiting = signal(0);
  #events: Feedback[] = restore();
  #timer = 0;
  #sending = false;

  constructor() {
    this.#changed();
    if (this.#events.length > 0) this.#later(PAUSE);
  }

  /** Tell the server, now or as soon as it can be told. */
  add(event: Omit<Feedback, "time">): void {
    this.#events = [...this.#events, { ...event, time: Date.now() / 1000 }].slice(-MOST);
    this.#changed();
    this.#later(PAUSE);
  }

  #later(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#send(), ms);
  }

  async #send(): Promise<void> {
    if (this.#sending || this.#events.length === 0) return;
    this.#sending = true;
    const batch = this.#events;
    let next = PAUSE;
    try {
      // The same event told twice is recorded once, so an unsure request may be repeated.
      const { value } = await ask<{ recorded?: number } | null>("v1/feedback", {
        body: batch,
        mayAskForKey: false,
      });
      if (typeof value?.recorded !== "number") throw new Problem("failed", "Nothing was recorded.");
      this.#drop(batch);
      this.recorded.value += value.recorded;
    } catch (error) {
      next = await this.#afterFailure(error, batch);
    }
    this.#sending = false;
    this.#changed();
    if (this.#events.length > 0) this.#later(next);
  }

  /* Others may have come meanwhile, and the oldest may have gone. */
  #drop(batch: readonly Feedback[]): void {
    this.#events = this.#events.filter((event) => !batch.includes(event));
  }

  async #afterFailure(error: unknown, batch: readonly Feedback[]): Promise<number> {
    if (!(error instanceof Problem)) return RETRY;
    if (error.kind === "gone") {
      await reconnected();
      return 0;
    }
    // Events that the server will never take must not hold up all others.
    if (error.kind === "invalid") this.#drop(batch);
    return Math.max(RETRY, error.retryAfter * 1_000);
  }

  #changed(): void {
    this.waiting.value = this.#events.length;
    try {
      localStorage.setItem(PLACE, JSON.stringify(this.#events));
    } catch {
      // They then last as long as the page.
    }
  }
}

function restore(): Feedback[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(PLACE) ?? "[]");
    return Array.isArray(found) ? found.filter(isFeedback) : [];
  } catch {
    return [];
  }
}

function isFeedback(value: unknown): value is Feedback {
  const { suggestion, event, time } = (value ?? {}) as Partial<Feedback>;
  return typeof suggestion === "string" && typeof event === "string" && typeof time === "number";
}
