import { batch, type Signal, signal } from "@preact/signals";
import { ask } from "../../server/client";
import { reconnected } from "../../server/connection";
import { Problem } from "../../server/problem";
import { afterSending, faultIn, keyOf, nextBatch, whileSending } from "./edits";
import type { Review } from "./review";
import type { SentEdits, SentList } from "./types";

/** Where the edits are: on the server, on the way, or only in this browser, and why. */
export type Saving = { state: "saved" | "saving" } | { state: "kept"; problem: Problem };

const MOST = 200;
const LOOK_AGAIN = 15_000;
const RETRY = 3_000;
const AGAIN = 100;

/** Sends the edits of a review, one batch at a time, until the server has them all. */
export class Autosave {
  readonly state: Signal<Saving> = signal({ state: "saved" });
  readonly #review: Review;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #working = false;
  /** Whether there was more to do while this was working. */
  #again = false;

  constructor(review: Review) {
    this.#review = review;
  }

  /** Read the list, then send what an earlier session left. */
  async start(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    try {
      await this.#read();
      this.soon();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.#review.problem.value = error;
      if (error.passes) this.#later(error);
    } finally {
      this.#working = false;
    }
  }

  /** See what others did; silent when the server does not answer. */
  async look(): Promise<void> {
    if (this.#working || document.hidden) return;
    this.#working = true;
    try {
      await this.#read({ mayAskForKey: false });
    } catch {
      // What cannot be read now is read later; saving tells what is wrong.
    }
    this.#working = false;
    this.soon();
  }

  /** Look for others' changes now and then; the function that ends it. */
  follow(): () => void {
    const look = () => void this.look();
    const timer = setInterval(look, LOOK_AGAIN);
    addEventListener("focus", look);
    // Who leaves may not come back.
    const leave = () => document.hidden && this.soon();
    document.addEventListener("visibilitychange", leave);
    return () => {
      document.removeEventListener("visibilitychange", leave);
      clearInterval(timer);
      removeEventListener("focus", look);
    };
  }

  /** There may be something to send. */
  soon(wait = 0): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#work(), wait);
  }

  async #work(): Promise<void> {
    if (this.#working) {
      this.#again = true;
      return;
    }
    if (!this.#review.known.peek()) {
      await this.start();
      return;
    }
    this.#working = true;
    try {
      while (await this.#send());
      this.state.value = { state: "saved" };
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.#later(error);
    } finally {
      this.#working = false;
      if (this.#again) this.soon(AGAIN);
      this.#again = false;
    }
  }

  /** Send one batch; whether there may be another. */
  async #send(): Promise<boolean> {
    const review = this.#review;
    const next = nextBatch(review.queue.peek(), this.#held(), MOST);
    if (!next) return false;
    this.state.value = { state: "saving" };
    review.setQueue(whileSending(review.queue.peek(), next.sent));
    const seen = review.known.peek()?.revision ?? "";
    try {
      const { value } = await ask<SentEdits>(this.#path, { method: "PATCH", body: next.batch });
      batch(() => {
        review.update(value.before === seen ? value.revision : seen, value.answers);
        review.setQueue(afterSending(review.queue.peek(), next.sent, next.added));
      });
      if (value.before !== seen) await this.#read();
    } catch (error) {
      if (!(error instanceof Problem) || error.kind !== "invalid") throw error;
      await this.#look(error, faultIn(error.param, next.sent, next.added));
    }
    return true;
  }

  /** The server refused a batch: somebody was quicker, or one edit cannot be. */
  async #look(error: Problem, fault: string | null): Promise<void> {
    if (fault === null) throw error;
    const { queue, refused } = this.#review;
    const wished = () => queue.peek().changes.get(fault) ?? queue.peek().additions.get(fault);
    const before = wished();
    await this.#read();
    if (before && wished() === before && !this.#held().has(fault)) {
      refused.value = new Map(refused.peek()).set(fault, error.message);
    }
  }

  async #read(how: { mayAskForKey?: boolean } = {}): Promise<void> {
    const review = this.#review;
    const revision = review.known.peek()?.revision;
    const headers: Record<string, string> = revision ? { "if-none-match": `"${revision}"` } : {};
    try {
      const { value } = await ask<SentList>(this.#path, { ...how, headers });
      review.accept(value.revision, value.answers);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 304) throw error;
    }
  }

  /** What waits for the person: conflicts and refusals. */
  #held(): ReadonlySet<string> {
    const { conflicts, refused } = this.#review;
    return new Set([
      ...conflicts.peek().map(({ change }) => keyOf(change.id, change.field)),
      ...refused.peek().keys(),
    ]);
  }

  #later(problem: Problem): void {
    this.state.value = { state: "kept", problem };
    if (problem.kind === "gone") void reconnected().then(() => this.soon());
    else this.soon(problem.retryAfter * 1000 || RETRY);
  }

  get #path(): string {
    return `v1/admin/answers/${encodeURIComponent(this.#review.name)}`;
  }
}
