import type { Node } from "prosemirror-model";
import { Plugin, type Selection } from "prosemirror-state";
import { Decoration, DecorationSet } from "prosemirror-view";

/* From so many blocks on, only those near the screen are laid out; see the style sheet. */
const LONG = 150;
/* The blocks around the cursor are, always: a browser loses the caret in one that is not. */
const NEAR = 3;

/** Classes that the style sheet needs: the empty document, a long one, and where the cursor is. */
export const marks = new Plugin({
  props: {
    decorations: ({ doc, selection }) => {
      const marked = isEmpty(doc)
        ? [placeholder(doc)]
        : doc.childCount < LONG
          ? []
          : near(doc, selection);
      return marked.length > 0 ? DecorationSet.create(doc, marked) : null;
    },
    attributes: ({ doc }): Record<string, string> =>
      doc.childCount < LONG ? {} : { class: "write-long" },
  },
});

function isEmpty(doc: Node): boolean {
  return (
    doc.childCount === 1 &&
    doc.firstChild?.isTextblock === true &&
    doc.firstChild.content.size === 0
  );
}

function placeholder(doc: Node): Decoration {
  return Decoration.node(0, doc.content.size, {
    class: "write-empty",
    "data-placeholder": "Write, and pause: suggestions come by themselves. Tab asks for one.",
  });
}

function near(doc: Node, { $head }: Selection): Decoration[] {
  const middle = $head.index(0);
  const first = Math.max(0, middle - NEAR);
  let at = $head.posAtIndex(first, 0);
  const found: Decoration[] = [];
  for (let index = first; index <= middle + NEAR && index < doc.childCount; index++) {
    const end = at + doc.child(index).nodeSize;
    found.push(Decoration.node(at, end, { class: "write-near" }));
    at = end;
  }
  return found;
}
