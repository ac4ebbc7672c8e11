/** The first word of a text, with the space before it. */
export function firstWord(text: string): string {
  const word = /^\s*[\p{L}\p{N}\p{M}_'’-]+/u.exec(text);
  // Marks stand alone; of scripts without spaces one character is taken, never half of one.
  const found = word?.[0] ?? /^\s*./su.exec(text)?.[0] ?? text;
  return isDense(found) ? (/^\s*./su.exec(found)?.[0] ?? found) : found;
}

function isDense(text: string): boolean {
  return /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}\p{Script=Myanmar}]/u.test(
    text,
  );
}

/** The beginning of the word that a text ends in; empty where it ends between two words. */
export function lastWordPart(text: string): string {
  return /[\p{L}\p{N}\p{M}'’-]+$/u.exec(text)?.[0] ?? "";
}
