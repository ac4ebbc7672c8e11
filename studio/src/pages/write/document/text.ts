import type { Node } from "prosemirror-model";

const BLOCK_BREAK = "\n\n";

/** A part of a document as plain text, with an empty line between two blocks. */
export function plainText(doc: Node, from = 0, to = doc.content.size): string {
  return doc.textBetween(from, to, BLOCK_BREAK, (leaf) =>
    leaf.type.name === "hard_break" ? "\n" : "",
  );
}

/** The first words of a document, as its name in lists; empty where it has none. */
export function titleOf(doc: Node): string {
  for (let index = 0; index < doc.childCount; index++) {
    const text = doc.child(index).textContent.trim();
    if (text) return text.length > 60 ? `${text.slice(0, 59).trimEnd()}…` : text;
  }
  return "";
}
