/** Characters of messages: how many were sent, and how many of them were typed. */
export interface Tally {
  sent: number;
  typed: number;
}

export const NOTHING: Tally = { sent: 0, typed: 0 };

/** Share of what was sent that nobody had to type, from 0 to 1; null before anything was sent. */
export function saved({ sent, typed }: Tally): number | null {
  return sent === 0 ? null : Math.max(0, 1 - typed / sent);
}

/** Two tallies together. */
export function plus(a: Tally, b: Tally): Tally {
  return { sent: a.sent + b.sent, typed: a.typed + b.typed };
}
