import { computed, signal } from "@preact/signals";
import { oneOf, setting } from "../../storage/setting";
import { firstWord } from "../../typing/words";
import type { Cursor } from "./Composer";
import { answered, BLANK, begin, due, type Script } from "./conversation";
import conversations from "./conversations.json";
import { type Draft, EMPTY, edited, firstGap, fromReply, nextGap, putIn } from "./draft";
import { type Ghost, ghostOf } from "./ghost";
import { Outbox } from "./outbox";
import { Outcome } from "./outcome";
import { keptSession, type Talk } from "./session";
import { type HowOften, type Reply, ReplySuggester, type Suggested } from "./suggestions";
import { NOTHING, plus } from "./tally";

/** How often to suggest, remembered. */
export const often = setting<HowOften>("reply.often", "set", oneOf("set", "always"));

/** The agent's desk: one conversation, the draft, and what is suggested for it. */
export class Desk {
  readonly session = keptSession();
  readonly suggester = new ReplySuggester();
  readonly outbox = new Outbox();
  readonly scripts = signal(conversations as unknown as Script[]);
  /** Index of the reply that Enter takes; -1 for none. */
  readonly selected = signal(-1);
  /** Where the cursor goes with the next drawing. */
  readonly cursor = signal<Cursor | null>(null);
  /** Whether the person waved the suggestions away, until the draft changes. */
  readonly dismissed = signal(false);
  /** Replies that go with the draft as it is. */
  readonly replies = computed<Reply[]>(() =>
    this.dismissed.value || this.session.value.as === "user"
      ? []
      : (this.suggester.suggested.value?.replies ?? []),
  );
  /** How the draft goes on, drawn behind it. */
  readonly ghost = computed<Ghost | null>(() => {
    const suggested = this.suggester.suggested.value;
    const { draft, as } = this.session.value;
    if (this.dismissed.value || !suggested || as === "user") return null;
    return ghostOf(suggested, draft.text);
  });
  readonly script = computed(
    () => this.scripts.value.find(({ id }) => id === this.session.value.scene.script) ?? null,
  );
  readonly due = computed(() => {
    const script = this.script.value;
    return script && due(this.session.value.scene, script);
  });
  /** Whether sending waits for a gap that has no value yet. */
  readonly unfilled = signal(false);
  /* What stood in the draft before a reply took its place, and the text that did. */
  #replaced: { draft: Draft; typed: number; by: string } | null = null;
  #outcome = this.#newOutcome();

  /** Begin with the first conversation if nothing was begun before. */
  start(): void {
    const first = this.scripts.peek()[0];
    const { draft, scene } = this.session.peek();
    const untouched = this.session.isNew && draft.text === "" && scene.said.length === 0;
    if (untouched && first) this.open(first.id);
    else this.#want(true);
  }

  /** Open a real conversation, where it was left; without a name, the blank one. */
  open(id: string): void {
    const { scene, draft, typed, as, tally, left } = this.session.peek();
    const begun = scene.said.length > 0 || draft.text !== "";
    const kept = begun ? { ...left, [scene.script]: { scene, draft, typed, as } } : left;
    this.#forgetTurn();
    const talk = kept[id] ?? this.#fresh(id);
    this.session.value = { ...talk, tally, left: kept };
    const end = talk.draft.text.length;
    this.cursor.value = { start: end, end };
    this.#want(true);
  }

  /** Begin the conversation anew. */
  restart(): void {
    const before = this.session.peek();
    this.#forgetTurn();
    this.session.value = { ...before, ...this.#fresh(before.scene.script) };
    this.#want(true);
  }

  #fresh(id: string): Talk {
    const script = this.scripts.peek().find((each) => each.id === id);
    return {
      scene: script ? begin(script) : BLANK,
      draft: EMPTY,
      typed: 0,
      as: script ? "agent" : "user",
    };
  }

  /** The person changed the text. */
  type(text: string): void {
    const before = this.session.peek();
    this.session.value = {
      ...before,
      draft: edited(before.draft, text),
      typed: text ? before.typed + putIn(before.draft.text, text) : 0,
    };
    this.cursor.value = null;
    this.unfilled.value = false;
    this.dismissed.value = false;
    this.selected.value = -1;
    this.#want(false);
  }

  /** Choose the next reply (1) or the one before (-1), around the end. */
  step(by: 1 | -1): void {
    const count = this.replies.peek().length;
    if (count === 0) return;
    const at = this.selected.peek();
    this.selected.value = at < 0 ? (by === 1 ? 0 : count - 1) : (at + by + count) % count;
  }

  /** Put a reply into the draft, in place of what is there. */
  take(index: number): boolean {
    const reply = this.replies.peek()[index];
    if (!reply) return false;
    const draft = fromReply(reply);
    const gap = firstGap(draft);
    const end = draft.text.length;
    const before = this.session.peek();
    this.#replaced = { draft: before.draft, typed: before.typed, by: draft.text };
    this.#change(draft, gap && !gap.filled ? gap : { start: end, end });
    this.#outcome.accepted(reply.id, reply.text);
    return true;
  }

  /** Put back what a reply took the place of, unless the reply was changed since. */
  putBack(): boolean {
    const { draft } = this.session.peek();
    const before = this.#replaced;
    if (before?.by !== draft.text) return false;
    this.#replaced = null;
    const end = before.draft.text.length;
    this.session.value = { ...this.session.peek(), typed: before.typed };
    this.#change(before.draft, { start: end, end });
    this.#outcome.putBack();
    return true;
  }

  /** Take the ghost text, or only its first word. */
  takeGhost(part: "all" | "word"): boolean {
    const ghost = this.ghost.peek();
    if (!ghost) return false;
    const { draft } = this.session.peek();
    const text = draft.text + (part === "all" ? ghost.text : firstWord(ghost.text));
    this.#change(edited(draft, text), { start: text.length, end: text.length });
    this.#outcome.accepted(ghost.id, text);
    return true;
  }

  /** Select the next gap (1) or the one before (-1). */
  toGap(at: Cursor, by: 1 | -1): boolean {
    const gap = nextGap(this.session.peek().draft, at, by);
    if (gap) this.cursor.value = { start: gap.start, end: gap.end };
    return gap !== null;
  }

  /** Select the first gap that has no value yet: nobody means to send its name. */
  toOpenGap(): boolean {
    const gap = this.session.peek().draft.gaps.find(({ filled }) => !filled);
    if (gap) this.cursor.value = { start: gap.start, end: gap.end };
    this.unfilled.value = gap !== undefined;
    return gap !== undefined;
  }

  /** Wave away what is suggested; false when nothing is. */
  dismiss(): boolean {
    const something = this.replies.peek().length > 0 || this.ghost.peek() !== null;
    if (something) this.dismissed.value = true;
    this.selected.value = -1;
    return something;
  }

  /** Send the draft; the conversation goes on. */
  send(): void {
    const { draft, as, scene, typed, tally } = this.session.peek();
    const text = draft.text.trim();
    if (!text) return;
    if (as === "user") {
      const said = [...scene.said, { role: "user" as const, text }];
      this.#forgetTurn();
      this.session.value = {
        ...this.session.peek(),
        scene: { ...scene, said },
        draft: EMPTY,
        typed: 0,
        as: "agent",
      };
    } else {
      this.#outcome.sent(text, this.suggester.suggested.peek()?.id);
      this.#forgetTurn();
      const counted = { sent: text.length, typed: Math.min(typed, text.length) };
      this.session.value = {
        ...this.session.peek(),
        scene: answered(scene, this.script.peek(), text),
        draft: EMPTY,
        typed: 0,
        tally: plus(tally, counted),
        as: scene.script ? "agent" : "user",
      };
    }
    this.#want(true);
  }

  /** Let the script's agent speak, and go on. */
  skip(): void {
    const turn = this.due.peek();
    const { scene } = this.session.peek();
    if (!turn) return;
    this.#forgetTurn();
    this.session.value = {
      ...this.session.peek(),
      scene: answered(scene, this.script.peek(), turn.text),
      draft: EMPTY,
      typed: 0,
    };
    this.#want(true);
  }

  /** Write as the other side. */
  writeAs(as: "agent" | "user"): void {
    this.session.value = { ...this.session.peek(), as };
    this.#want(true);
  }

  /** Count from nothing again. */
  resetTally(): void {
    this.session.value = { ...this.session.peek(), tally: NOTHING };
  }

  /** Suggestions are on the screen. */
  seen(suggested: Suggested): void {
    const ids = this.replies.peek().map((reply) => reply.id);
    if (suggested.completion && this.ghost.peek()) ids.push(suggested.completion.id);
    for (const id of ids) this.#outcome.shown(id);
  }

  /** Ask for what is suggested now, as for another setting. */
  again(): void {
    this.suggester.resume();
    this.#want(true);
  }

  #want(now: boolean): void {
    const { scene, draft, as } = this.session.peek();
    if (as === "agent") this.suggester.want(scene.said, draft.text, often.peek(), now);
    else this.suggester.clear();
  }

  #change(draft: typeof EMPTY, cursor: Cursor): void {
    this.session.value = { ...this.session.peek(), draft };
    this.cursor.value = { start: cursor.start, end: cursor.end };
    this.selected.value = -1;
    this.#want(true);
  }

  #newOutcome(): Outcome {
    return new Outcome((event) => this.outbox.add(event));
  }

  #forgetTurn(): void {
    this.suggester.clear();
    this.#outcome = this.#newOutcome();
    this.#replaced = null;
    this.unfilled.value = false;
    this.selected.value = -1;
    this.dismissed.value = false;
    this.cursor.value = { start: 0, end: 0 };
  }
}
