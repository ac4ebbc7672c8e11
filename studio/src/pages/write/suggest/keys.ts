import type { EditorView } from "prosemirror-view";
import { choose, current, step } from "./offer";
import { accept, settle, show, suggesting } from "./plugin";
import type { Suggester } from "./suggester";

type Handler = (view: EditorView, event: KeyboardEvent) => boolean;

/**
 * The keys of suggestions.
 *
 * Tab asks, or accepts what is shown; Right accepts a word; Up and Down choose; 1 to 3 choose once
 * the person asked or chose (before that a digit is a digit), with Alt always; Escape dismisses.
 * Escape with nothing to dismiss lets the next Tab leave the text, so that the keyboard is never
 * caught in it.
 */
export function suggestionKeys(
  suggester: Suggester,
  setLeaving: (leaving: boolean) => void,
): Handler {
  let leaving = false;
  const leave = (now: boolean) => {
    leaving = now;
    setLeaving(now);
  };
  const dismiss = (view: EditorView) => {
    const { offer } = suggesting(view.state);
    suggester.stop();
    if (offer) show(view, null);
    leave(!offer);
    return true;
  };
  return (view, event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey) return false;
    settle(view);
    if (event.key === "Escape") return dismiss(view);
    const leaves = event.key === "Tab" && (leaving || event.shiftKey);
    if (leaving && !MODIFIERS.has(event.key)) leave(false);
    if (leaves) return false;
    return event.altKey ? byNumber(view, event, true) : plain(view, event, suggester);
  };
}

const MODIFIERS = new Set(["Shift", "Alt", "Control", "Meta"]);

function plain(view: EditorView, event: KeyboardEvent, suggester: Suggester): boolean {
  const { offer } = suggesting(view.state);
  const shown = offer !== null && current(offer) !== null;
  if (event.key === "Tab") {
    if (!shown) suggester.ask(view);
    else accept(view, "all");
    return true;
  }
  if (!shown || event.shiftKey) return false;
  switch (event.key) {
    case "ArrowRight":
      return accept(view, "word");
    case "ArrowDown":
      show(view, step(offer, 1));
      return true;
    case "ArrowUp":
      show(view, step(offer, -1));
      return true;
    default:
      return byNumber(view, event, offer.engaged);
  }
}

function byNumber(view: EditorView, event: KeyboardEvent, allowed: boolean): boolean {
  const { offer } = suggesting(view.state);
  // With Alt some keyboards write another character; the key's place tells which it is.
  const digit = /^Digit([1-9])$/.exec(event.code)?.[1] ?? event.key;
  const number = "123456789".indexOf(digit);
  if (!allowed || !offer || digit.length !== 1 || number < 0 || !current(offer)) return false;
  const chosen = choose(offer, number);
  if (chosen === offer) return false;
  show(view, chosen);
  return true;
}
