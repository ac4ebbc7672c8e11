import { type Conflict, keyOf } from "./edits";
import type { Review } from "./review";
import type { Answer, Field, Value } from "./types";

const NAMES: Record<Field, string> = {
  status: "The decision",
  text: "The wording",
  tags: "The tags",
  note: "The note",
  merged_into: "The merging",
};

/** Where someone else was quicker, or the server refuses an edit: both versions, and the choice. */
export function Conflicts({ review, answer }: { review: Review; answer: Answer }) {
  const conflicts = review.conflicts.value.filter(({ change }) => change.id === answer.id);
  const refused = [...review.queue.value.changes.values()].filter(
    ({ id, field }) => id === answer.id && review.refused.value.has(keyOf(id, field)),
  );
  return (
    <>
      {conflicts.map((conflict) => (
        <Both key={conflict.change.field} review={review} conflict={conflict} />
      ))}
      {refused.map(({ id, field }) => (
        <div key={field} class="notice bad" role="alert">
          <span>
            {NAMES[field]} is not saved: {review.refused.value.get(keyOf(id, field))}
          </span>
          <button class="button small" type="button" onClick={() => review.drop(id, field)}>
            Give it up
          </button>
        </div>
      ))}
    </>
  );
}

function Both({ review, conflict }: { review: Review; conflict: Conflict }) {
  const { change, now } = conflict;
  const name = (value: Value) => shown(review, change.field, value);
  return (
    <div class="answers-conflict" role="alert">
      <p>
        <strong>{NAMES[change.field]} was changed by someone else</strong> since you saw it.
      </p>
      <dl>
        <dt>Yours</dt>
        <dd>{name(change.to)}</dd>
        <dt>Theirs</dt>
        <dd>{now === null ? "the answer is no longer in the list" : name(now)}</dd>
      </dl>
      <div class="actions">
        {now !== null && (
          <button class="button small" type="button" onClick={() => review.insist(conflict)}>
            Keep yours
          </button>
        )}
        <button
          class="button small"
          type="button"
          onClick={() => review.drop(change.id, change.field)}
        >
          {now === null ? "Give it up" : "Take theirs"}
        </button>
      </div>
    </div>
  );
}

function shown(review: Review, field: Field, value: Value): string {
  const text = typeof value === "string" ? value : value.join(", ");
  if (field === "merged_into") {
    const target = review.byId.value.get(text);
    return text ? `merged into “${target?.text ?? text}”` : "by itself";
  }
  if (field === "status" && text === "proposed") return "undecided";
  return text || "nothing";
}
