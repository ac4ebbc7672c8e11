import { batch, computed, type Signal, signal } from "@preact/signals";
import type { Problem } from "../../server/problem";
import { Autosave } from "./autosave";
import {
  type Conflict,
  conflictsOf,
  insisted,
  keyOf,
  overlay,
  type Queue,
  settled,
  sizeOf,
  withAddition,
  withChange,
  without,
} from "./edits";
import { occurring, reviewed, statesOf } from "./filter";
import { browserStore, Kept } from "./kept";
import { totalsOf } from "./merging";
import { Nearest } from "./nearest";
import { type Answer, type Field, filled, type SentAnswer, type Value } from "./types";
import { type Step, type Turned, undoing, withStep } from "./undo";

// Milliseconds: while a person types there is more to come; a decision is sent at once.
const PATIENCE = 400;
const SOON = 30;

/** A list as the server had it. */
interface Known {
  revision: string;
  answers: readonly Answer[];
  byId: ReadonlyMap<string, Answer>;
}

/** The review of one list: what the server has, what is still to be sent, and what can be undone. */
export class Review {
  readonly name: string;
  readonly kept: Kept;
  readonly known: Signal<Known | null> = signal(null);
  /** Why the list could not be read. */
  readonly problem: Signal<Problem | null> = signal(null);
  readonly queue: Signal<Queue>;
  readonly steps: Signal<readonly Step[]>;
  /** Why the server refuses a change, by its name in the queue. */
  readonly refused: Signal<ReadonlyMap<string, string>> = signal(new Map());
  /** The answer that is open. */
  readonly opened: Signal<string> = signal("");
  readonly saving: Autosave;

  readonly answers = computed(() => overlay(this.known.value?.answers ?? [], this.queue.value));
  readonly byId = computed(() => new Map(this.answers.value.map((each) => [each.id, each])));
  readonly totals = computed(() => totalsOf(this.answers.value, this.byId.value));
  readonly states = computed(() => statesOf(this.answers.value));
  readonly reviewed = computed(() => reviewed(this.answers.value));
  readonly tags = computed(() => occurring(this.answers.value, "tags"));
  readonly flags = computed(() => occurring(this.answers.value, "flags"));
  readonly conflicts = computed<Conflict[]>(() =>
    this.known.value ? conflictsOf(this.queue.value, this.known.value.byId) : [],
  );
  /** Answers that wait for the person: a conflict, or an edit that the server refuses. */
  readonly troubled = computed<ReadonlySet<string>>(() => {
    const { changes } = this.queue.value;
    const refused = [...this.refused.value.keys()].flatMap((key) => changes.get(key)?.id ?? []);
    const conflicts = this.conflicts.value.map(({ change }) => change.id);
    return new Set([...conflicts, ...refused].filter((id) => this.byId.value.has(id)));
  });
  readonly #indexed = signal(0);
  readonly nearest = computed(() => {
    void this.#indexed.value;
    return new Nearest(this.answers.peek());
  });

  constructor(name: string, store = browserStore()) {
    this.name = name;
    this.kept = new Kept(name, store);
    this.queue = signal(this.kept.queue());
    this.steps = signal(this.kept.steps());
    this.saving = new Autosave(this);
  }

  /** How many edits the server does not have. */
  get waiting(): number {
    return sizeOf(this.queue.value);
  }

  /** What the server has now. */
  accept(revision: string, sent: readonly SentAnswer[]): void {
    const answers = sent.map(filled);
    const byId = new Map(answers.map((each) => [each.id, each]));
    batch(() => {
      this.known.value = { revision, answers, byId };
      this.problem.value = null;
      this.setQueue(settled(this.queue.peek(), byId));
      this.#indexed.value += 1;
    });
  }

  /** Some answers as the server has them now. */
  update(revision: string, sent: readonly SentAnswer[]): void {
    const known = this.known.peek();
    if (!known) return;
    const byId = new Map(known.byId);
    for (const each of sent) byId.set(each.id, filled(each));
    this.known.value = { revision, answers: [...byId.values()], byId };
  }

  /** Change fields, as one step that can be undone. */
  turn(what: string, turned: Turned[], goesOn = false): void {
    if (!turned.length) return;
    batch(() => {
      this.#apply(turned);
      this.#setSteps(withStep(this.steps.peek(), { what, turned }, goesOn));
    });
  }

  /** Change one field of one answer. */
  set(what: string, answer: Answer, field: Field, to: Value, goesOn = false): void {
    this.turn(what, [{ id: answer.id, field, from: answer[field], to }], goesOn);
  }

  /** Undo the last step; what it was, and how many of its fields someone else changed since. */
  undo(): { step: Step; passed: number } | null {
    const steps = this.steps.peek();
    const step = steps.at(-1);
    if (!step) return null;
    const { turned, passed } = undoing(step, this.byId.peek());
    batch(() => {
      this.#apply(turned);
      this.#setSteps(steps.slice(0, -1));
    });
    return { step, passed };
  }

  /** Write an answer of one's own; its id. */
  add(text: string): string {
    const id = `own-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
    const step: Turned = { id, field: "status", from: "rejected", to: "accepted" };
    batch(() => {
      this.setQueue(withAddition(this.queue.peek(), { id, text }));
      this.#setSteps(withStep(this.steps.peek(), { what: "added", turned: [step] }));
      this.#indexed.value += 1;
    });
    this.saving.soon();
    return id;
  }

  /** Send the change in spite of what someone else made of the field. */
  insist(conflict: Conflict): void {
    this.setQueue(insisted(this.queue.peek(), conflict));
    this.saving.soon();
  }

  /** Give a change up. */
  drop(id: string, field: Field): void {
    const key = keyOf(id, field);
    batch(() => {
      this.setQueue(without(this.queue.peek(), [key]));
      this.#forgive([key]);
    });
    this.saving.soon();
  }

  /** What this browser keeps was changed by another tab. */
  readAgain(): void {
    this.queue.value = this.kept.queue();
    this.saving.soon();
  }

  setQueue(queue: Queue): void {
    this.kept.write(this.queue.peek(), queue);
    this.queue.value = queue;
  }

  #apply(turned: readonly Turned[]): void {
    let queue = this.queue.peek();
    const byId = this.known.peek()?.byId;
    for (const { id, field, to } of turned) {
      queue = withChange(queue, byId?.get(id), id, field, to);
    }
    this.setQueue(queue);
    this.#forgive(turned.map(({ id, field }) => keyOf(id, field)));
    const typing = turned.some(({ field }) => field === "text" || field === "note");
    this.saving.soon(typing ? PATIENCE : SOON);
  }

  #setSteps(steps: readonly Step[]): void {
    this.steps.value = steps;
    this.kept.writeSteps(steps);
  }

  /** A change that was refused is another one now: it may be sent. */
  #forgive(keys: readonly string[]): void {
    const refused = new Map(this.refused.peek());
    if (keys.some((key) => refused.delete(key))) this.refused.value = refused;
  }
}
