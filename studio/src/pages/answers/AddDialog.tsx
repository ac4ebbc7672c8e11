import { useState } from "preact/hooks";
import { Dialog } from "../../components/Dialog";
import type { Actions } from "./actions";
import type { Review } from "./review";

const DRAFT = "add";

/** An answer that nobody gave yet; what is typed is kept until it is added. */
export function AddDialog({ review, actions }: { review: Review; actions: Actions }) {
  const [text, setText] = useState(review.kept.draft(DRAFT));
  const type = (typed: string) => {
    setText(typed);
    review.kept.writeDraft(DRAFT, typed);
  };
  return (
    <Dialog title="Write an answer" onClose={() => actions.done()}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!text.trim()) return;
          const id = review.add(text);
          review.kept.writeDraft(DRAFT, "");
          actions.done();
          review.opened.value = id;
        }}
      >
        <div class="field">
          <label for="answers-new">Text</label>
          <textarea
            id="answers-new"
            class="input"
            rows={4}
            maxLength={10_000}
            value={text}
            aria-describedby="answers-new-hint"
            onInput={(event) => type(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== "Enter" || event.shiftKey) return;
              event.preventDefault();
              event.currentTarget.form?.requestSubmit();
            }}
          />
          <p class="hint" id="answers-new-hint">
            It is accepted at once. A name in braces, as {"{name}"}, is filled in from the
            conversation.
          </p>
        </div>
        <div class="actions end">
          <button class="button" type="button" onClick={() => actions.done()}>
            Not now
          </button>
          <button class="button primary" type="submit" disabled={!text.trim()}>
            Add
          </button>
        </div>
      </form>
    </Dialog>
  );
}
