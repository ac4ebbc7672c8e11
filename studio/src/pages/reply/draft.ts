/** A variable part of an accepted reply, in characters of the draft. */
export interface Gap {
  name: string;
  start: number;
  end: number;
  /** Whether a value stands there; else `{name}`. */
  filled: boolean;
}

/** What the agent is about to send. */
export interface Draft {
  text: string;
  gaps: readonly Gap[];
}

export const EMPTY: Draft = { text: "", gaps: [] };

/** A reply with its variable parts, as the API answers it: places in Unicode code points. */
export interface Slotted {
  text: string;
  slots: readonly Gap[];
}

/** The draft that a reply becomes when it is accepted. */
export function fromReply({ text, slots }: Slotted): Draft {
  // Strings of the browser count UTF-16 units; an emoji is one code point and two of them.
  const units = [0];
  for (const point of text) units.push((units.at(-1) ?? 0) + point.length);
  const at = (points: number) => units[points] ?? text.length;
  return {
    text,
    gaps: slots.map((slot) => ({ ...slot, start: at(slot.start), end: at(slot.end) })),
  };
}

/** The draft after the person changed its text: gaps move along, and go where they are removed. */
export function edited(draft: Draft, text: string): Draft {
  if (text === draft.text) return draft;
  const { from, to, grown } = difference(draft.text, text);
  const gaps = draft.gaps.flatMap((gap): Gap[] => {
    if (to < gap.start || (to === gap.start && from < gap.start)) {
      return [{ ...gap, start: gap.start + grown, end: gap.end + grown }];
    }
    // What is written right behind a gap belongs to it as long as it goes on with its word.
    const behind = from === gap.end && !/^[\p{L}\p{N}]/u.test(text.slice(from));
    if (from > gap.end || behind) return [gap];
    if (from < gap.start || to > gap.end) return [];
    const end = gap.end + grown;
    return end > gap.start ? [{ ...gap, end, filled: true }] : [];
  });
  return { text, gaps };
}

/** How many characters were put in to make one text of another. */
export function putIn(before: string, after: string): number {
  const { from, to, grown } = difference(before, after);
  return to - from + grown;
}

/** The next gap behind a place (1), or the one before it (-1); null where there is none. */
export function nextGap(draft: Draft, at: { start: number; end: number }, by: 1 | -1): Gap | null {
  const behind = draft.gaps.filter((gap) => gap.start > at.start || gap.end > at.end);
  const before = draft.gaps.filter((gap) => gap.end < at.start);
  return (by === 1 ? behind[0] : before.at(-1)) ?? null;
}

/** The gap to go to first: one that wants a value, else the first. */
export function firstGap(draft: Draft): Gap | null {
  return draft.gaps.find((gap) => !gap.filled) ?? draft.gaps[0] ?? null;
}

/* What was replaced, and by how much the text grew. */
function difference(before: string, after: string): { from: number; to: number; grown: number } {
  const shorter = Math.min(before.length, after.length);
  let from = 0;
  while (from < shorter && before[from] === after[from]) from += 1;
  let back = 0;
  while (
    back < shorter - from &&
    before[before.length - 1 - back] === after[after.length - 1 - back]
  ) {
    back += 1;
  }
  return { from, to: before.length - back, grown: after.length - before.length };
}
