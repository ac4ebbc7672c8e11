import { signal } from "@preact/signals";
import type { EditorState } from "prosemirror-state";
import type { EditorView } from "prosemirror-view";
import { isAbort } from "../../../server/client";
import { connection, reconnected } from "../../../server/connection";
import type { Model } from "../../../server/models";
import { Problem } from "../../../server/problem";
import { newId } from "../../../storage/id";
import { answeredIn, keyed, type Pace, USUAL, wait } from "../../../typing/pace";
import type { Sampling } from "../sampling";
import { type CompletionRequest, complete, type Progress, type Usage } from "./completions";
import { arrived, emptyOffer, fitting } from "./offer";
import { settle, show, suggesting } from "./plugin";
import { promptAt } from "./prompt";

/** What the quiet line tells of the last suggestion. */
export interface Facts {
  /** From the last key, or Tab, to the suggestion on the screen, in milliseconds. */
  firstMs: number;
  usage: Usage | null;
}

/** What a suggester needs to know each time it asks. */
export interface Asking {
  model: Model | null;
  sampling: Sampling;
}

/* Asking again after an answer that gave no time to wait, in milliseconds. */
const BREATH = 2_000;

/**
 * Decides when to ask, asks, and shows what comes, for one editor.
 *
 * One request at a time: a newer one takes the place of the one before, here and, by the session,
 * in the server. What is refused is told once and not asked again until the person does.
 */
export class Suggester {
  /** Of the last suggestion; null before the first. */
  readonly facts = signal<Facts | null>(null);
  /** Why there are no suggestions; null while there may be. */
  readonly problem = signal<Problem | null>(null);
  readonly #asking: () => Asking;
  readonly #session = newId();
  readonly #withoutCoverage = new Set<string>();
  #pace: Pace = USUAL;
  #timer = 0;
  #running: AbortController | null = null;
  #lastKey = 0;
  #quietUntil = 0;

  constructor(asking: () => Asking) {
    this.#asking = asking;
  }

  /** A key was pressed, at `time` on the clock of `performance.now()`. */
  key(time: number): void {
    this.#pace = keyed(this.#pace, time - this.#lastKey);
    this.#lastKey = time;
  }

  /** The editor has another state. */
  follow(view: EditorView, before: EditorState): void {
    const { offer, wanting, at } = suggesting(view.state);
    const previous = suggesting(before);
    if (previous.offer && !offer) this.#abort();
    if (before.doc === view.state.doc) {
      if (at !== previous.at) this.#cancelTimer();
      return;
    }
    this.#cancelTimer();
    if (offer && fitting(offer).length > 0) return;
    if (wanting) this.#later(view);
  }

  /** Ask now, because the person wants it. */
  ask(view: EditorView): void {
    this.#quietUntil = 0;
    this.#lastKey = performance.now();
    void this.#ask(view, true);
  }

  /** Ask for nothing more, and let what is asked go. */
  stop(): void {
    this.#cancelTimer();
    this.#abort();
  }

  #abort(): void {
    this.#running?.abort();
    this.#running = null;
  }

  #cancelTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  #later(view: EditorView): void {
    if (!this.#asking().sampling.onPause || performance.now() < this.#quietUntil) return;
    const spent = performance.now() - this.#lastKey;
    this.#timer = setTimeout(
      () => {
        if (view.isDestroyed || !view.hasFocus() || view.composing) return;
        settle(view);
        if (invites(view.state)) void this.#ask(view, false);
      },
      Math.max(0, wait(this.#pace) - spent),
    );
  }

  async #ask(view: EditorView, engaged: boolean): Promise<void> {
    this.stop();
    const { model, sampling } = this.#asking();
    if (!model || connection.peek().state === "gone") return;
    const running = new AbortController();
    this.#running = running;
    const request = this.#request(view, model, sampling, engaged);
    show(view, emptyOffer(engaged));
    const asked = performance.now();
    let first = true;
    const report = (progress: Progress) => {
      if (running.signal.aborted || view.isDestroyed) return;
      if (first) {
        first = false;
        this.#pace = answeredIn(this.#pace, performance.now() - asked);
      }
      // Nothing is drawn into a text that an input method is composing.
      if (view.composing) return;
      settle(view);
      // The person may have gone elsewhere, which ends the offer and the request.
      if (!running.signal.aborted) this.#take(view, progress);
    };
    try {
      await complete(request, running.signal, report, engaged);
      this.problem.value = null;
    } catch (error) {
      if (this.#running === running && !view.isDestroyed) this.#failed(view, error, model, engaged);
    } finally {
      if (this.#running === running) {
        this.#running = null;
      }
    }
  }

  #request(
    view: EditorView,
    model: Model,
    sampling: Sampling,
    engaged: boolean,
  ): CompletionRequest {
    const { doc, selection } = view.state;
    const sure = !engaged && sampling.coverage < 1 && !this.#withoutCoverage.has(model.id);
    return {
      model: model.id,
      prompt: promptAt(doc, selection.head, model.opening),
      n: sampling.choices,
      max_tokens: sampling.maxTokens,
      temperature: sampling.temperature,
      top_p: sampling.topP,
      stop_at: sampling.stopAt,
      session: this.#session,
      ...(sure ? { coverage: sampling.coverage } : {}),
    };
  }

  #take(view: EditorView, { choices, done, usage }: Progress): void {
    const { offer } = suggesting(view.state);
    if (!offer) return;
    const before = fitting(offer).length;
    const next = arrived(offer, choices, done);
    const some = fitting(next).length > 0;
    show(view, some || !done ? next : null);
    if (some) {
      // What the next key would have asked for is here already.
      this.#cancelTimer();
    }
    if (some && before === 0) this.#measure();
    const facts = this.facts.peek();
    if (usage && facts) this.facts.value = { ...facts, usage };
  }

  /* The time until the suggestion was painted, not until it was handed to the browser. */
  #measure(): void {
    const start = this.#lastKey;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        performance.measure("cuebox:suggestion", { start, end: performance.now() });
        const usage = this.facts.peek()?.usage ?? null;
        this.facts.value = { firstMs: performance.now() - start, usage };
        channel.port1.close();
      };
      channel.port2.postMessage(null);
    });
  }

  #failed(view: EditorView, error: unknown, model: Model, engaged: boolean): void {
    show(view, null);
    if (isAbort(error) || !(error instanceof Problem) || error.kind === "superseded") return;
    if (error.kind === "invalid" && error.param === "coverage") {
      this.#withoutCoverage.add(model.id);
      if (!engaged) this.#later(view);
      return;
    }
    if (error.kind === "gone") {
      // Told by the page's frame; the next key asks again when the server is back.
      this.#quietUntil = Number.POSITIVE_INFINITY;
      void reconnected().then(() => {
        this.#quietUntil = 0;
      });
      return;
    }
    this.problem.value = error;
    this.#quietUntil = error.passes
      ? performance.now() + Math.max(BREATH, error.retryAfter * 1_000)
      : Number.POSITIVE_INFINITY;
  }

  /** Ask again on pauses, after whatever was wrong was put right. */
  resume(): void {
    this.#quietUntil = 0;
    this.problem.value = null;
  }
}

/** Whether a suggestion may come by itself: behind some text, with nothing behind it. */
function invites(state: EditorState): boolean {
  const { selection } = state;
  const { $head } = selection;
  if (!selection.empty || !$head.parent.isTextblock) return false;
  const { parent, parentOffset } = $head;
  const after = parent.textBetween(parentOffset, parent.content.size);
  return after.trim() === "" && (parentOffset > 0 || $head.index(0) > 0);
}
