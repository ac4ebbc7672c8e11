import { baseKeymap, splitBlock, toggleMark } from "prosemirror-commands";
import { history, redo, undo } from "prosemirror-history";
import { inputRules, textblockTypeInputRule } from "prosemirror-inputrules";
import { keymap } from "prosemirror-keymap";
import { EditorState, type Transaction } from "prosemirror-state";
import { EditorView } from "prosemirror-view";
import { lastWordPart } from "../../typing/words";
import type { Keeper } from "./document/keeper";
import { schema } from "./document/schema";
import { marks } from "./marks";
import { suggestionKeys } from "./suggest/keys";
import type { Offer } from "./suggest/offer";
import { ACCEPTED, suggesting, suggestionPlugin } from "./suggest/plugin";
import type { Suggester } from "./suggest/suggester";

/** What is drawn beside the cursor. */
export interface Shown {
  offer: Offer;
  place: Place;
  /** The beginning of the word that the choices go on with; empty between two words. */
  word: string;
}

/** The line of the cursor, in pixels from the corner of what holds the editor. */
export interface Place {
  left: number;
  top: number;
  bottom: number;
  /** Whether there is more room above the line than below it. */
  above: boolean;
}

/** What the editor tells those around it. */
export interface Listeners {
  setShown: (shown: Shown | null) => void;
  /** Whether the next Tab leaves the text. */
  setLeaving: (leaving: boolean) => void;
}

/**
 * Open an editor on a document, in `holder`; each change goes to the keeper at once. Places are
 * told as seen from the corner of `sheet`.
 */
export function openView(
  holder: HTMLElement,
  sheet: HTMLElement,
  keeper: Keeper,
  suggester: Suggester,
  { setShown, setLeaving }: Listeners,
): EditorView {
  let keyAt = 0;
  let frame = 0;
  const layOut = () => {
    frame = 0;
    if (view.isDestroyed) return;
    const { offer, at } = suggesting(view.state);
    setShown(offer && { offer, place: placeOf(view, sheet, at), word: wordBefore(view, at) });
  };
  const suggestions = suggestionPlugin({
    props: {
      handleKeyDown: suggestionKeys(suggester, setLeaving),
      handleDOMEvents: {
        keydown: (_view, event) => {
          keyAt = performance.now();
          suggester.key(event.timeStamp);
          return false;
        },
        blur: () => {
          setLeaving(false);
          return false;
        },
      },
    },
    view: () => ({
      update: (updated, before) => {
        suggester.follow(updated, before);
        // Laid out with the next frame, not within the key's own work.
        if (!frame) frame = requestAnimationFrame(layOut);
      },
    }),
  });
  const view: EditorView = new EditorView(holder, {
    state: EditorState.create({ doc: keeper.doc, plugins: [suggestions, marks, ...EDITING] }),
    attributes: {
      role: "textbox",
      "aria-multiline": "true",
      "aria-label": "Your text",
      "aria-describedby": "write-help",
      class: "write-text",
    },
    transformPastedHTML: withoutAttributes,
    dispatchTransaction: (change) => {
      const started = performance.now();
      view.updateState(view.state.apply(change));
      if (!change.docChanged) return;
      keeper.note(change);
      count(keeper, change);
      if (!keyAt) return;
      // What the page does for a key; and with the browser's own editing before it, all of it.
      const end = performance.now();
      performance.measure("cuebox:keystroke", { start: started, end });
      performance.measure("cuebox:key", { start: keyAt, end });
      keyAt = 0;
    },
  });
  return view;
}

const EDITING = [
  inputRules({
    rules: [
      textblockTypeInputRule(/^(#{1,3})\s$/, schema.nodes.heading, (match) => ({
        level: match[1]?.length ?? 1,
      })),
    ],
  }),
  history({ newGroupDelay: 700 }),
  keymap({
    "Mod-z": undo,
    "Mod-y": redo,
    "Shift-Mod-z": redo,
    "Mod-b": toggleMark(schema.marks.strong),
    "Mod-i": toggleMark(schema.marks.em),
    "Shift-Enter": (state, dispatch) => {
      // A heading is one line.
      if (state.selection.$from.parent.type === schema.nodes.heading) {
        return splitBlock(state, dispatch);
      }
      dispatch?.(state.tr.replaceSelectionWith(schema.nodes.hard_break.create()).scrollIntoView());
      return true;
    },
  }),
  keymap(baseKeymap),
];

/* What was typed, what was accepted; an undo or a paste is neither. */
function count(keeper: Keeper, change: Transaction): void {
  const accepted = change.getMeta(ACCEPTED) as number | undefined;
  if (accepted !== undefined) {
    keeper.count(0, accepted);
    return;
  }
  if (change.getMeta("history$") !== undefined || change.getMeta("uiEvent") !== undefined) return;
  let typed = 0;
  for (const step of change.steps) {
    step.getMap().forEach((_from, _to, from, to) => {
      typed += to - from;
    });
  }
  keeper.count(typed, 0);
}

function placeOf(view: EditorView, sheet: HTMLElement, at: number): Place {
  const line = view.coordsAtPos(at);
  const corner = sheet.getBoundingClientRect();
  // Ghost text may go on over the next lines, which the list should not cover.
  const ghost = view.dom.querySelector(".ghost")?.getBoundingClientRect();
  const bottom = Math.max(line.bottom, ghost?.bottom ?? 0);
  const below = window.innerHeight - bottom;
  return {
    left: line.left - corner.left,
    top: line.top - corner.top,
    bottom: bottom - corner.top,
    above: below < 220 && line.top > below,
  };
}

function wordBefore(view: EditorView, at: number): string {
  const { parent, parentOffset } = view.state.doc.resolve(at);
  const text = parent.textBetween(Math.max(0, parentOffset - 24), parentOffset, undefined, " ");
  return lastWordPart(text);
}

/* The schema reads elements only. The page's policy refuses these attributes all the same, and
   reports each of them. */
function withoutAttributes(html: string): string {
  // Within tags only: the text itself may speak of "style=bold".
  return html.replace(/<[a-z][^<>]*>/gi, (tag) =>
    tag.replace(/\s(?:style|on\w+)\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]*)/gi, ""),
  );
}
