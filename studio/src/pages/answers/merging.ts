import type { Answer } from "./types";
import type { Turned } from "./undo";

/** An answer with all that is merged into it. */
export interface Total {
  count: number;
  share: number;
  merged: readonly Answer[];
}

/** The messages of the past that a list has for an answer, each once. */
export function waysOf(answer: Answer): string[] {
  return [...new Set([answer.said, ...answer.examples])].filter((way) => way !== "");
}

/** The answer that stands for this one in the end; chains are followed, circles end. */
export function rootOf(answer: Answer, answers: ReadonlyMap<string, Answer>): Answer {
  const seen = new Set<string>();
  let here = answer;
  while (here.merged_into && !seen.has(here.id)) {
    seen.add(here.id);
    const next = answers.get(here.merged_into);
    if (!next) break;
    here = next;
  }
  return here;
}

/** For each answer that others are merged into: their counts and its own. */
export function totalsOf(
  answers: readonly Answer[],
  byId: ReadonlyMap<string, Answer>,
): ReadonlyMap<string, Total> {
  const totals = new Map<string, Total>();
  for (const answer of answers) {
    if (!answer.merged_into) continue;
    const root = rootOf(answer, byId);
    if (root === answer) continue;
    const before = totals.get(root.id) ?? { count: root.count, share: root.share, merged: [] };
    totals.set(root.id, {
      count: before.count + answer.count,
      share: before.share + answer.share,
      merged: [...before.merged, answer],
    });
  }
  return totals;
}

/** Which of two stays when they are merged: the one that is accepted, or was said more often. */
export function stays(one: Answer, other: Answer): Answer {
  const accepted = Number(one.status === "accepted") - Number(other.status === "accepted");
  if (accepted) return accepted > 0 ? one : other;
  return one.count >= other.count ? one : other;
}

/** The changes that merge two answers; none where they are merged already. */
export function merge(one: Answer, other: Answer, byId: ReadonlyMap<string, Answer>): Turned[] {
  const [first, second] = [rootOf(one, byId), rootOf(other, byId)];
  if (first === second) return [];
  const kept = stays(first, second);
  return [into(kept === first ? second : first, kept)];
}

/** The changes that let a merged answer stand for all of its group in place of the one that does. */
export function lead(answer: Answer, total: Total, root: Answer): Turned[] {
  const others = total.merged.filter((each) => each !== answer);
  return [
    { id: answer.id, field: "merged_into", from: answer.merged_into, to: "" },
    into(root, answer),
    ...others.map((each) => into(each, answer)),
  ];
}

function into(answer: Answer, target: Answer): Turned {
  return { id: answer.id, field: "merged_into", from: answer.merged_into, to: target.id };
}
