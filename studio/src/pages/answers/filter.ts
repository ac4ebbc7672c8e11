import type { Total } from "./merging";
import { type Answer, isReviewed } from "./types";

/** Which answers are shown. */
export interface Filter {
  words: string;
  status: Shown;
  tag: string;
  flag: string;
}

export type Shown = "all" | "proposed" | "accepted" | "rejected" | "merged";

export const EVERYTHING: Filter = { words: "", status: "all", tag: "", flag: "" };

/** The answers that pass, those said most often first; answers that are equal keep their order. */
export function visible(
  answers: readonly Answer[],
  filter: Filter,
  totals: ReadonlyMap<string, Total>,
): Answer[] {
  const words = filter.words.toLowerCase().split(/\s+/).filter(Boolean);
  const count = (answer: Answer) => totals.get(answer.id)?.count ?? answer.count;
  return answers
    .filter(
      (answer) =>
        hasStatus(answer, filter.status) &&
        (!filter.tag || answer.tags.includes(filter.tag)) &&
        (!filter.flag || answer.flags.includes(filter.flag)) &&
        words.every((word) => hayOf(answer).includes(word)),
    )
    .sort((one, other) => count(other) - count(one));
}

/** How many answers are in each state; merged ones count as nothing else. */
export function statesOf(answers: readonly Answer[]): Record<Shown, number> {
  const states = { all: 0, proposed: 0, accepted: 0, rejected: 0, merged: 0 };
  for (const answer of answers) {
    states[answer.merged_into ? "merged" : answer.status] += 1;
    if (!answer.merged_into) states.all += 1;
  }
  return states;
}

export function reviewed(answers: readonly Answer[]): number {
  return answers.reduce((sum, answer) => sum + Number(isReviewed(answer)), 0);
}

/** Words that stand in a field, with how many answers have them, the most frequent first. */
export function occurring(
  answers: readonly Answer[],
  field: "tags" | "flags",
): { word: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const answer of answers) {
    for (const word of answer[field]) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts]
    .map(([word, count]) => ({ word, count }))
    .sort((one, other) => other.count - one.count || one.word.localeCompare(other.word));
}

function hasStatus(answer: Answer, shown: Shown): boolean {
  if (shown === "merged") return answer.merged_into !== "";
  return answer.merged_into === "" && (shown === "all" || answer.status === shown);
}

/* What is searched; an edited answer is another object. */
const hay = new WeakMap<Answer, string>();

function hayOf(answer: Answer): string {
  let text = hay.get(answer);
  if (text === undefined) {
    const { id, said, examples, tags, note } = answer;
    text = [answer.text, said, ...examples, ...tags, note, id].join("\n").toLowerCase();
    hay.set(answer, text);
  }
  return text;
}
