/** How long to wait after a keystroke, learnt from the person's rhythm and the server's speed. */
export class Pace {
  private lastKey: number | null = null;
  /** Milliseconds between keys while the person types. */
  private rhythm = 180;
  /** Milliseconds an answer takes. */
  private latency = 30;

  private readonly shortest: number;
  private readonly longest: number;

  constructor(shortest: number, longest: number) {
    this.shortest = shortest;
    this.longest = longest;
  }

  /** A key was pressed at `now` (milliseconds). */
  typed(now: number): void {
    const gap = this.lastKey === null ? Number.POSITIVE_INFINITY : now - this.lastKey;
    this.lastKey = now;
    // A longer gap is a pause to think, which says nothing of the rhythm.
    if (gap < PAUSE) this.rhythm += WEIGHT * (gap - this.rhythm);
  }

  /** An answer took so many milliseconds. */
  answered(ms: number): void {
    this.latency += WEIGHT * (ms - this.latency);
  }

  /**
   * Milliseconds to wait after a key.
   *
   * An answer that takes a fraction of the time between two keys can be had at every key; one
   * that takes longer is asked for when the person pauses.
   */
  get delay(): number {
    const wanted = Math.min(this.latency * 1.5, this.rhythm * 1.5);
    return Math.round(Math.min(this.longest, Math.max(this.shortest, wanted)));
  }
}

const PAUSE = 1_000;
const WEIGHT = 0.3;
