import type { Node } from "prosemirror-model";
import { plainText } from "../document/text";

/* About four times what a window of 512 tokens holds: 100 pages are never sent for one key. */
const LEAST = 8_000;
const STRIDE = 2_000;

/**
 * What the model is asked to continue: the end of the text before `position`.
 *
 * It begins at a place that stays where it is while the person types on, and moves by whole
 * strides: between two keys the prompt only grows at its end, and the server recognises all that
 * it has read before.
 */
export function promptAt(doc: Node, position: number, opening: string): string {
  const from = Math.max(0, Math.floor((position - LEAST) / STRIDE) * STRIDE);
  return opening + plainText(doc, from, position);
}
