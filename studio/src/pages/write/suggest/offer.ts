/*
 * What is suggested at one place, and what becomes of it while a person types on. Plain data and
 * pure functions: no editor, no clock, no server.
 */

/** One continuation, as much of it as has come. */
export interface Choice {
  text: string;
  /** Whether all of it is here. */
  done: boolean;
  /** Natural log of how sure the model is; null until it is done. */
  score: number | null;
}

/** Up to three continuations of the text before one place. */
export interface Offer {
  choices: readonly Choice[];
  /** What was typed or accepted since the place they continue. */
  typed: string;
  /** Index into `choices` of the one that is accepted next. */
  selected: number;
  /** Whether the person asked or chose: digits then choose, instead of being typed. */
  engaged: boolean;
  /** Whether nothing more will come. */
  done: boolean;
}

/** A choice that still fits, and what is left of it. */
export interface Fitting {
  index: number;
  rest: string;
  score: number | null;
}

/** An offer that waits for its first piece. */
export function emptyOffer(engaged: boolean): Offer {
  return { choices: [], typed: "", selected: 0, engaged, done: false };
}

/** The choices that go on as was typed, in their order. */
export function fitting(offer: Offer): Fitting[] {
  return offer.choices.flatMap(({ text, score }, index) =>
    text.length > offer.typed.length && text.startsWith(offer.typed)
      ? [{ index, rest: text.slice(offer.typed.length), score }]
      : [],
  );
}

/** The one that is accepted next; null where none fits. */
export function current(offer: Offer): Fitting | null {
  const fit = fitting(offer);
  return fit.find((each) => each.index === offer.selected) ?? fit[0] ?? null;
}

/** Whether anything may still be shown: something fits, or may yet come and fit. */
export function isAlive(offer: Offer): boolean {
  if (fitting(offer).length > 0) return true;
  if (offer.done) return false;
  if (offer.choices.length === 0) return true;
  return offer.choices.some(({ text, done }) => !done && offer.typed.startsWith(text));
}

/** More of the choices came. */
export function arrived(offer: Offer, choices: readonly Choice[], done: boolean): Offer {
  return { ...offer, choices, done };
}

/** The person typed on. */
export function typedOn(offer: Offer, text: string): Offer {
  return keepSelection({ ...offer, typed: offer.typed + text });
}

/** The person took back the last `count` characters; null where they were not of this offer. */
export function tookBack(offer: Offer, count: number): Offer | null {
  if (count > offer.typed.length) return null;
  return keepSelection({ ...offer, typed: offer.typed.slice(0, offer.typed.length - count) });
}

/** Choose the next (1) or the one before (-1), around the end. */
export function step(offer: Offer, by: 1 | -1): Offer {
  const fit = fitting(offer);
  const at = fit.findIndex((each) => each.index === current(offer)?.index);
  const next = fit[(at + by + fit.length) % fit.length];
  return next ? { ...offer, selected: next.index, engaged: true } : offer;
}

/** Choose by number, counted from 0 among those shown; the same offer where there is none. */
export function choose(offer: Offer, number: number): Offer {
  const chosen = fitting(offer)[number];
  return chosen ? { ...offer, selected: chosen.index, engaged: true } : offer;
}

/* What was selected may have dropped out; the selection then is on what would be shown. */
function keepSelection(offer: Offer): Offer {
  return { ...offer, selected: current(offer)?.index ?? offer.selected };
}
