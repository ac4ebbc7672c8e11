import { computed } from "@preact/signals";
import { type Model, models } from "../../server/models";
import { anyText, setting } from "../../storage/setting";

/** The text a person wants classified; kept in this browser. */
export const text = setting("classify.text", "", anyText);

/** Rows that were pasted or typed; kept in this browser. */
export const pasted = setting("classify.pasted", "", anyText);

/** Names of the models that are not asked; what is new is asked. */
export const leftOut = setting<string[]>("classify.left-out", [], texts);

/** The choices for `topK`. */
export const TOPS = [1, 3, 5, 10];

/** How many labels of each model are shown. */
export const topK = setting("classify.top", 3, (stored) => TOPS.find((top) => top === stored));

/** The probability from which a person would call an answer sure. */
export const sureFrom = setting("classify.sure-from", 0.5, (stored) =>
  typeof stored === "number" && stored >= 0 && stored <= 1 ? stored : undefined,
);

/** Every classifier that is served. */
export const classifiers = computed<Model[]>(() =>
  (models.value ?? []).filter((model) => model.kind === "classifier"),
);

/** The classifiers that are asked. */
export const asked = computed<Model[]>(() =>
  classifiers.value.filter((model) => !leftOut.value.includes(model.id)),
);

/** Ask a model from now on, or do not. */
export function choose(name: string, wanted: boolean): void {
  const others = leftOut.value.filter((each) => each !== name);
  leftOut.value = wanted ? others : [...others, name];
}

function texts(stored: unknown): string[] | undefined {
  return Array.isArray(stored) && stored.every((each) => typeof each === "string")
    ? stored
    : undefined;
}
