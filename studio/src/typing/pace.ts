/*
 * How long to wait after a key before asking: as short as can be without asking for what the next
 * key makes worthless.
 *
 * Somebody who types faster than the server answers would only have answers thrown away, so the
 * wait grows towards one and a half of their usual gap between two keys; where the server answers
 * much faster than they type, asking at once costs it little and shows the suggestion a key
 * earlier. Between the two: 1.5 * gap * latency / (gap + latency).
 */

/** Milliseconds. */
export const SHORTEST = 12;
export const LONGEST = 400;

/* A gap longer than this is a pause for thought, not a rhythm. */
const LONGEST_GAP = 1_000;
/* How much the newest observation counts. */
const WEIGHT = 0.2;

/** The person's rhythm and the server's latency, as they have been lately. */
export interface Pace {
  /** Between two keys, in milliseconds. */
  gap: number;
  /** From asking to the first suggestion, in milliseconds. */
  latency: number;
}

/** Before anything was seen: 60 words a minute, a server next door. */
export const USUAL: Pace = { gap: 200, latency: 40 };

/** After another key, `gap` milliseconds after the one before. */
export function keyed(pace: Pace, gap: number): Pace {
  if (!(gap > 0 && gap <= LONGEST_GAP)) return pace;
  return { ...pace, gap: blend(pace.gap, gap) };
}

/** After an answer that took `latency` milliseconds. */
export function answeredIn(pace: Pace, latency: number): Pace {
  return { ...pace, latency: blend(pace.latency, latency) };
}

/** How long to wait after a key, in milliseconds. */
export function wait({ gap, latency }: Pace): number {
  const time = (1.5 * gap * latency) / (gap + latency);
  return Math.min(LONGEST, Math.max(SHORTEST, time));
}

function blend(before: number, now: number): number {
  return before + WEIGHT * (now - before);
}
