import type { ReadonlySignal, Signal } from "@preact/signals";
import type { Command } from "./commands";
import { lead, merge, rootOf } from "./merging";
import type { Review } from "./review";
import type { Answer, Status } from "./types";

/** What the person is in the middle of. */
export type Doing = "reword" | "tag" | "note" | "merge" | "add" | "help" | null;

/** What actions work on: as it is now, which the page may not have drawn yet. */
export interface Bench {
  review: Review;
  shown: ReadonlySignal<readonly Answer[]>;
  opened: ReadonlySignal<Answer | undefined>;
  doing: Signal<Doing>;
  /** What was done last, in words. */
  said: Signal<string>;
  /** On a phone: whether the answer is in front of the list. */
  inFront: Signal<boolean>;
}

const PAGE = 10;
const DONE: Record<Status, string> = {
  accepted: "Accepted",
  rejected: "Rejected",
  proposed: "Undecided again",
};

/** What a person can do here; keys and buttons come to the same. */
export class Actions {
  readonly #bench: Bench;

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  /** Do what a key says; false where it has nothing to act on. */
  run(command: Command): boolean {
    const opened = this.#bench.opened.value;
    const without = this.#always[command];
    if (without) {
      without();
      return true;
    }
    const withOne = this.#withAnswer[command];
    if (!withOne || !opened) return false;
    withOne(opened);
    return true;
  }

  readonly #always: Partial<Record<Command, () => void>> = {
    next: () => this.#move(1),
    previous: () => this.#move(-1),
    pageDown: () => this.#move(PAGE),
    pageUp: () => this.#move(-PAGE),
    first: () => this.#move(-Infinity),
    last: () => this.#move(Infinity),
    undo: () => this.undo(),
    add: () => this.#do("add"),
    help: () => this.#do("help"),
    search: () => focusOn("answers-search"),
    back: () => this.back(),
    open: () => this.#front(),
  };

  readonly #withAnswer: Partial<Record<Command, (answer: Answer) => void>> = {
    accept: (answer) => this.decide(answer, "accepted"),
    reject: (answer) => this.decide(answer, "rejected"),
    reset: (answer) => this.decide(answer, "proposed"),
    reword: () => this.#do("reword"),
    tag: () => this.#do("tag"),
    note: () => this.#do("note"),
    merge: () => this.#do("merge"),
    apart: (answer) => this.apart(answer),
  };

  /** Open an answer. */
  open(id: string): void {
    this.#bench.review.opened.value = id;
    this.#bench.doing.value = null;
    this.#front();
  }

  /** Accept or reject, and go on to the next. */
  decide(answer: Answer, status: Status): void {
    const { review, said } = this.#bench;
    const shown = this.#bench.shown.value;
    if (answer.merged_into) {
      said.value = "It is merged with another answer: take it apart first.";
      return;
    }
    const place = shown.indexOf(answer);
    const next = status === "proposed" ? undefined : shown[place + 1];
    review.set(DONE[status].toLowerCase(), answer, "status", status);
    if (place >= 0 && next) review.opened.value = next.id;
    else review.opened.value = answer.id;
    this.#bench.doing.value = null;
    said.value = `${DONE[status]}.`;
  }

  /** Merge two answers; the one that stays is opened. */
  merge(answer: Answer, other: Answer): void {
    const { review, said } = this.#bench;
    const turned = merge(answer, other, review.byId.value);
    review.turn("merged", turned);
    const [one] = turned;
    if (one) review.opened.value = String(one.to);
    said.value = one ? "Merged." : "They are merged already.";
    this.done();
  }

  /** Let a merged answer stand by itself again. */
  apart(answer: Answer): void {
    if (!answer.merged_into) return;
    this.#bench.review.set("taken apart", answer, "merged_into", "");
    this.#bench.said.value = "Taken apart.";
  }

  /** Let a merged answer stand for its group. */
  lead(answer: Answer): void {
    const { review } = this.#bench;
    const root = rootOf(answer, review.byId.value);
    const total = review.totals.value.get(root.id);
    if (!total) return;
    review.turn("merged the other way", lead(answer, total, root));
    review.opened.value = answer.id;
  }

  undo(): void {
    const { review, said } = this.#bench;
    const undone = review.undo();
    if (!undone) {
      said.value = "There is nothing to undo.";
      return;
    }
    const [first] = undone.step.turned;
    if (first) review.opened.value = first.id;
    const passed = undone.passed ? " Someone else has changed it since, so it stays." : "";
    said.value = `Undone: ${undone.step.what}.${passed}`;
  }

  /** From a field or a dialog back to the list. */
  done(): void {
    this.#bench.doing.value = null;
    // On a phone the list may be out of sight.
    focusOn("answers-rows") || focusOn("answers-opened");
  }

  back(): void {
    this.#bench.inFront.value = false;
    this.#bench.doing.value = null;
    // The list is drawn first.
    setTimeout(() => focusOn("answers-rows"));
  }

  #do(what: Doing): void {
    this.#bench.doing.value = what;
    focusOn(`answers-${what}`);
  }

  #front(): void {
    this.#bench.inFront.value = true;
  }

  #move(by: number): void {
    const { review } = this.#bench;
    const [shown, opened] = [this.#bench.shown.value, this.#bench.opened.value];
    if (!shown.length) return;
    const place = opened ? shown.indexOf(opened) : -1;
    const to = Math.max(0, Math.min(shown.length - 1, place + by));
    const next = shown[to];
    if (next) review.opened.value = next.id;
    this.#bench.doing.value = null;
  }
}

function focusOn(id: string): boolean {
  const element = document.getElementById(id);
  element?.focus({ preventScroll: true });
  return element !== null && document.activeElement === element;
}
