import type { WordEffect } from "../answers";

/** A piece of the text: a word with what it did, or what stands between words. */
export interface Segment {
  text: string;
  word: WordEffect | null;
}

/** The text in pieces; `start` and `end` of words count code points, as the server does. */
export function segments(text: string, words: readonly WordEffect[]): Segment[] {
  const points = Array.from(text);
  const found: Segment[] = [];
  let at = 0;
  for (const word of words) {
    if (word.start > at) found.push({ text: points.slice(at, word.start).join(""), word: null });
    found.push({ text: points.slice(word.start, word.end).join(""), word });
    at = word.end;
  }
  if (at < points.length) found.push({ text: points.slice(at).join(""), word: null });
  return found;
}

/** Effects smaller than this share of a probability are shown as none. */
const LEAST = 0.005;

/**
 * How strongly each word is tinted, from -1 (against the label) to 1 (for it).
 *
 * The strongest word of a text counts as full, unless even that one did little. Where the score is
 * so sure that no word moves it, the log-odds tell.
 */
export function strengths(words: readonly WordEffect[]): number[] {
  const most = Math.max(0, ...words.map((word) => Math.abs(word.effect)));
  if (most >= LEAST) {
    const full = Math.max(most, 0.05);
    return words.map((word) => (Math.abs(word.effect) < LEAST ? 0 : word.effect / full));
  }
  const odds = Math.max(2, ...words.map((word) => Math.abs(word.log_odds)));
  return words.map((word) => (Math.abs(word.log_odds) < 0.1 ? 0 : word.log_odds / odds));
}

/** What a word did, in a sentence; `score` is of the whole text. */
export function inWords(word: WordEffect, score: number, label: string): string {
  const without = score - word.effect;
  const change = `${percent(score)} with it, ${percent(without)} without`;
  const odds = `log-odds ${signed(word.log_odds, 2)}`;
  if (word.effect === 0 && word.log_odds === 0) return `made no difference (${percent(score)})`;
  const side = (word.effect || word.log_odds) > 0 ? "speaks for" : "speaks against";
  return `${side} ${label}: ${change} (${odds})`;
}

/** A probability as people read it; never 0 % or 100 % of what is neither. */
export function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.1) return "< 0.1 %";
  if (value < 100 && value > 99.9) return "> 99.9 %";
  return `${value.toFixed(1)} %`;
}

/** A number with its sign, and a proper minus. */
export function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return value > 0 ? `+${text}` : `\u2212${text}`;
}
