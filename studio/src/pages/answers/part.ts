import type { Signal } from "@preact/signals";
import type { Actions, Doing } from "./actions";
import type { Review } from "./review";
import type { Answer } from "./types";

/** What each part of the opened answer needs. */
export interface Part {
  review: Review;
  answer: Answer;
  actions: Actions;
  doing: Signal<Doing>;
}
