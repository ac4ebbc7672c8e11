import { useLayoutEffect, useRef } from "preact/hooks";
import type { Part } from "./part";

/** What reviewers want to remember of an answer; N writes it. */
export function Note({ review, answer, actions, doing }: Part) {
  const area = useRef<HTMLTextAreaElement>(null);
  const goesOn = useRef(false);
  const writing = doing.value === "note";
  useLayoutEffect(() => {
    if (writing) area.current?.focus();
  }, [writing]);
  if (!writing && !answer.note) {
    return (
      <button
        class="button plain small answers-add-note"
        type="button"
        onClick={() => actions.run("note")}
      >
        Add a note <kbd>N</kbd>
      </button>
    );
  }
  return (
    <div class="field">
      <label for="answers-note">Note</label>
      <textarea
        ref={area}
        id="answers-note"
        class="input"
        rows={2}
        maxLength={10_000}
        value={answer.note}
        onFocus={() => {
          doing.value = "note";
        }}
        onInput={(event) => {
          review.set("noted", answer, "note", event.currentTarget.value, goesOn.current);
          goesOn.current = true;
        }}
        onBlur={() => {
          goesOn.current = false;
        }}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.preventDefault();
          actions.done();
        }}
      />
    </div>
  );
}
