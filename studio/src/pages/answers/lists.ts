import { type Signal, signal } from "@preact/signals";
import { ask } from "../../server/client";
import { Problem } from "../../server/problem";
import { sizeOf } from "./edits";
import { browserStore, Kept } from "./kept";
import { Review } from "./review";
import type { ListInfo } from "./types";

/** The lists of the server; null before the first answer. */
export const lists: Signal<readonly ListInfo[] | null> = signal(null);

/** What to do to have some, where the server has no folder of lists. */
export const listsHint = signal("");

/** Why they could not be listed. */
export const listsProblem: Signal<Problem | null> = signal(null);

const reviews = new Map<string, Review>();

/** List the lists anew. */
export async function loadLists(): Promise<void> {
  try {
    const { value } = await ask<{ data: ListInfo[]; hint: string }>("v1/admin/answers");
    lists.value = value.data;
    listsHint.value = value.hint;
    listsProblem.value = null;
    // What an earlier session left is sent, whichever list is open.
    for (const { name, problem } of lists.value) {
      if (!problem && sizeOf(new Kept(name, browserStore()).queue())) reviewOf(name);
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    listsProblem.value = error;
  }
}

/** The review of a list; it goes on, and saves, while another page is open. */
export function reviewOf(name: string): Review {
  let review = reviews.get(name);
  if (!review) {
    review = new Review(name);
    reviews.set(name, review);
    void review.saving.start();
  }
  return review;
}
