import { closeHistory } from "prosemirror-history";
import { type EditorState, Plugin, PluginKey, type Transaction } from "prosemirror-state";
import { ReplaceStep } from "prosemirror-transform";
import { Decoration, DecorationSet, type EditorView } from "prosemirror-view";
import { firstWord } from "../../../typing/words";
import { current, isAlive, type Offer, tookBack, typedOn } from "./offer";

/** What the editor knows of suggestions. */
export interface Suggesting {
  offer: Offer | null;
  /** Where it is shown: behind what was typed of it. */
  at: number;
  /** Whether the last change of the text was of the kind that suggestions follow. */
  wanting: boolean;
}

interface Told {
  offer: Offer | null;
  /** Whether a suggestion should follow. */
  wanting?: boolean;
}

const key = new PluginKey<Suggesting>("suggesting");

/** Suggestions of an editor's state. */
export function suggesting(state: EditorState): Suggesting {
  return key.getState(state) ?? NOTHING;
}

const NOTHING: Suggesting = { offer: null, at: 0, wanting: false };

/** Characters that a transaction took from a suggestion. */
export const ACCEPTED = "accepted";

/** Show another offer, or none, where the cursor is. */
export function show(view: EditorView, offer: Offer | null): void {
  view.dispatch(tell(view.state.tr, { offer }));
}

/**
 * Make the editor look where the browser's cursor is.
 *
 * A browser moves the cursor first and tells of it with its next frame. Whoever changes the editor's
 * state in between, from a timer, an answer that came or another key, would put the cursor back.
 */
export function settle(view: EditorView): void {
  const document = view.dom.ownerDocument;
  const selection = document.getSelection();
  const node = selection?.focusNode;
  if (!selection || !node || !view.dom.contains(node)) return;
  if (view.posAtDOM(node, selection.focusOffset) === view.state.selection.head) return;
  document.dispatchEvent(new Event("selectionchange"));
}

/** Take what is shown, or only its first word; false when nothing is. */
export function accept(view: EditorView, part: "all" | "word"): boolean {
  const { offer, at } = suggesting(view.state);
  const chosen = offer && current(offer);
  if (!chosen) return false;
  const text = part === "all" ? chosen.rest : firstWord(chosen.rest);
  const rest = part === "all" ? null : { ...typedOn(offer, text), selected: chosen.index };
  const left = rest && isAlive(rest) ? rest : null;
  // One undo takes back what was accepted, and nothing else.
  const change = closeHistory(view.state.tr.insertText(text, at)).setMeta(ACCEPTED, text.length);
  view.dispatch(tell(change.scrollIntoView(), { offer: left, wanting: left === null }));
  // What is typed next is no part of it either.
  view.dispatch(closeHistory(view.state.tr));
  return true;
}

/** Keeps the offer in step with the text, and draws it as ghost text. */
export function suggestionPlugin(more: Partial<Plugin<Suggesting>["spec"]>): Plugin<Suggesting> {
  return new Plugin<Suggesting>({
    ...more,
    key,
    state: {
      init: () => NOTHING,
      apply: follow,
    },
    props: {
      ...more.props,
      decorations: ghost,
    },
  });
}

function tell(transaction: Transaction, told: Told): Transaction {
  return transaction.setMeta(key, told);
}

function follow(
  change: Transaction,
  before: Suggesting,
  _old: EditorState,
  state: EditorState,
): Suggesting {
  const at = state.selection.head;
  const told = change.getMeta(key) as Told | undefined;
  if (told) return { offer: told.offer, at, wanting: told.wanting ?? before.wanting };
  if (change.docChanged) {
    const offer = before.offer && followed(before.offer, change, before.at);
    return { offer: offer && isAlive(offer) ? offer : null, at, wanting: isWriting(change) };
  }
  if (!change.selectionSet || at === before.at) return before;
  return { offer: null, at, wanting: false };
}

/* The offer after typing on or taking back; null after any other change. */
function followed(offer: Offer, change: Transaction, at: number): Offer | null {
  const step = change.steps[0];
  if (!(step instanceof ReplaceStep) || change.steps.length > 1 || step.to !== at) return null;
  const { content, openStart, openEnd } = step.slice;
  const removed = step.to - step.from;
  const back = removed === 0 ? offer : tookBack(offer, removed);
  if (content.childCount === 0 || !back) return back;
  const text = content.firstChild;
  if (content.childCount > 1 || openStart > 0 || openEnd > 0 || !text?.isText) return null;
  return typedOn(back, text.text ?? "");
}

/* Nobody who undoes or pastes waits for a suggestion. */
function isWriting(change: Transaction): boolean {
  const source = change.getMeta("uiEvent") as string | undefined;
  const undone = change.getMeta("history$") !== undefined;
  return !undone && source !== "paste" && source !== "drop" && source !== "cut";
}

function ghost(state: EditorState): DecorationSet | null {
  const { offer, at } = suggesting(state);
  const chosen = offer && current(offer);
  if (!chosen) return null;
  const draw = () => {
    const span = document.createElement("span");
    span.className = "ghost";
    span.textContent = chosen.rest;
    // Told in the list of choices.
    span.setAttribute("aria-hidden", "true");
    return span;
  };
  const widget = Decoration.widget(at, draw, {
    side: 1,
    key: `ghost:${chosen.rest}`,
    ignoreSelection: true,
  });
  return DecorationSet.create(state.doc, [widget]);
}
