import type { Answer } from "./types";

/** An answer that says nearly the same; `likeness` between 0 and 1. */
export interface Near {
  id: string;
  likeness: number;
}

const WORD = /\{\w+\}|[\p{L}\p{N}]+/gu;
const LEAST = 0.25;

/** Finds answers that share words, rare words most, without comparing with all of them. */
export class Nearest {
  readonly #having = new Map<string, string[]>();
  readonly #size = new Map<string, number>();
  readonly #rare = new Map<string, number>();

  constructor(answers: readonly Answer[]) {
    const words = answers.map((answer) => [answer.id, wordsOf(answer.text)] as const);
    for (const [id, several] of words) {
      for (const word of several) {
        const having = this.#having.get(word);
        if (having) having.push(id);
        else this.#having.set(word, [id]);
      }
    }
    for (const [word, having] of this.#having) {
      this.#rare.set(word, Math.log(1 + answers.length / having.length));
    }
    for (const [id, several] of words) this.#size.set(id, this.#length(several));
  }

  /** The `limit` answers that are most alike to a text, best first; `own` is not among them. */
  of(own: string, text: string, limit: number): Near[] {
    const words = wordsOf(text);
    const shared = new Map<string, number>();
    for (const word of words) {
      const weight = this.#rare.get(word) ?? 0;
      for (const id of this.#having.get(word) ?? []) {
        shared.set(id, (shared.get(id) ?? 0) + weight);
      }
    }
    shared.delete(own);
    const length = this.#length(words);
    return [...shared]
      .map(([id, weight]) => ({
        id,
        likeness: weight / (Math.sqrt(length * (this.#size.get(id) ?? 0)) || 1),
      }))
      .filter(({ likeness }) => likeness >= LEAST)
      .sort((one, other) => other.likeness - one.likeness || (one.id < other.id ? -1 : 1))
      .slice(0, limit);
  }

  #length(words: ReadonlySet<string>): number {
    let sum = 0;
    for (const word of words) sum += this.#rare.get(word) ?? 0;
    return sum;
  }
}

function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.toLowerCase().match(WORD) ?? []);
}
