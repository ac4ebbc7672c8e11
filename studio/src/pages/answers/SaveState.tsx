import { openKeyDialog } from "../../server/key";
import type { Problem } from "../../server/problem";
import type { Review } from "./review";

/** Whether the server has all edits, in words. */
export function SaveState({ review, onOpen }: { review: Review; onOpen: (id: string) => void }) {
  const saving = review.saving.state.value;
  const held = review.conflicts.value.length + review.refused.value.size;
  const waiting = review.waiting - held;
  let mood = "good";
  let words = "Saved";
  if (saving.state === "kept") {
    mood = "bad";
    words = waiting ? `Not saved: ${reason(saving.problem)}` : reason(saving.problem);
  } else if (waiting > 0) {
    mood = "";
    words = "Saving…";
  }
  const [troubled] = review.troubled.value;
  return (
    <div class="answers-saving">
      {troubled !== undefined && (
        <button class="button small" type="button" onClick={() => onOpen(troubled)}>
          {review.troubled.value.size === 1
            ? "1 answer needs you"
            : `${review.troubled.value.size} answers need you`}
        </button>
      )}
      <p class={`answers-saved ${mood}`} role="status">
        {words}
        {saving.state === "kept" && waiting > 0 && (
          <span class="answers-kept">
            {edits(waiting)}{" "}
            {review.kept.failed ? "in this tab only: do not close it" : "kept in this browser"}
          </span>
        )}
      </p>
      {saving.state === "kept" && saving.problem.kind === "refused" && (
        <button
          class="button small"
          type="button"
          onClick={() => openKeyDialog(saving.problem.message)}
        >
          Enter a key
        </button>
      )}
    </div>
  );
}

function reason(problem: Problem): string {
  switch (problem.kind) {
    case "gone":
      return "the server is gone";
    case "late":
      return "the server is slow";
    case "refused":
      return problem.status === 403 ? "this key may not review" : "the server wants a key";
    case "busy":
      return problem.status === 429 ? "too many requests, waiting" : problem.message;
    default:
      return problem.message;
  }
}

function edits(count: number): string {
  return count === 1 ? "1 edit" : `${count.toLocaleString("en")} edits`;
}
