import type { Classification, Row } from "../answers";

/** Labels of one row by one model are told apart so in a cell. */
const BETWEEN = " | ";

/** The names of the columns that are added: three for each model, and one for errors. */
export function addedColumns(models: readonly string[], taken: readonly string[]): string[] {
  const names = models.flatMap((model) => [
    `${model} label`,
    `${model} score`,
    `${model} out of scope`,
  ]);
  const used = new Set(taken);
  return [...names, "error"].map((name) => {
    let free = name;
    for (let count = 2; used.has(free); count += 1) free = `${name} ${count}`;
    used.add(free);
    return free;
  });
}

/** The cells of one row in those columns. */
export function addedCells(row: Row, models: readonly string[]): string[] {
  const found = new Map((row.results ?? []).map((result) => [result.model, result]));
  return [...models.flatMap((model) => cellsOf(found.get(model))), row.error?.message ?? ""];
}

function cellsOf(result: Classification | undefined): string[] {
  if (!result) return ["", "", ""];
  return [
    result.labels.map((each) => each.label).join(BETWEEN),
    result.labels.map((each) => String(each.score)).join(BETWEEN),
    result.out_of_scope === undefined ? "" : result.out_of_scope ? "yes" : "no",
  ];
}

/** How often each model gave each label. */
export class Tally {
  private readonly counts = new Map<string, Map<string, number>>();

  /** Count what one row got. */
  add(row: Row): void {
    for (const result of row.results ?? []) {
      const labels = this.counts.get(result.model) ?? new Map<string, number>();
      this.counts.set(result.model, labels);
      for (const label of result.out_of_scope ? [OUT_OF_SCOPE] : namesOf(result)) {
        labels.set(label, (labels.get(label) ?? 0) + 1);
      }
    }
  }

  /** The most frequent labels of a model, and how often each came. */
  top(model: string, most: number): { label: string; count: number }[] {
    return [...(this.counts.get(model) ?? [])]
      .map(([label, count]) => ({ label, count }))
      .sort((one, other) => other.count - one.count)
      .slice(0, most);
  }
}

/** Stands for texts that belong to none of a model's labels. */
export const OUT_OF_SCOPE = "(out of scope)";
/** Stands for texts that a multi-label model gives none of its labels. */
export const NO_LABEL = "(no label)";

function namesOf(result: Classification): string[] {
  return result.labels.length > 0 ? result.labels.map((each) => each.label) : [NO_LABEL];
}
