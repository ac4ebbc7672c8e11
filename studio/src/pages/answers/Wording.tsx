import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Actions } from "./actions";
import type { Part } from "./part";
import type { Review } from "./review";
import { Template } from "./Template";
import type { Answer } from "./types";

const LONGEST = 10_000;

/** The text of an answer; a click or E rewords it. What is typed is an edit at once. */
export function Wording({ review, answer, actions, doing }: Part) {
  if (doing.value !== "reword") {
    return (
      <p class={answer.status === "rejected" ? "answers-wording rejected" : "answers-wording"}>
        <Template text={answer.text} />
      </p>
    );
  }
  return <Reword review={review} answer={answer} actions={actions} />;
}

function Reword({ review, answer, actions }: { review: Review; answer: Answer; actions: Actions }) {
  const area = useRef<HTMLTextAreaElement>(null);
  const [before] = useState(answer.text);
  const [text, setText] = useState(answer.text);
  const goesOn = useRef(false);
  useLayoutEffect(() => {
    area.current?.focus();
    const end = area.current?.value.length ?? 0;
    area.current?.setSelectionRange(end, end);
  }, []);
  const type = (typed: string) => {
    setText(typed);
    if (!typed.trim()) return;
    review.set("reworded", answer, "text", typed, goesOn.current);
    goesOn.current = true;
  };
  const blank = !text.trim();
  return (
    <div class="field answers-rewording">
      <label for="answers-reword">Reword</label>
      <textarea
        ref={area}
        id="answers-reword"
        class="input"
        rows={3}
        maxLength={LONGEST}
        value={text}
        aria-invalid={blank}
        aria-describedby="answers-reword-hint"
        onInput={(event) => type(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") type(before);
          else if (event.key !== "Enter" || event.shiftKey) return;
          event.preventDefault();
          if (event.key === "Escape" || !blank) actions.done();
        }}
      />
      <p class={blank ? "complaint" : "hint"} id="answers-reword-hint">
        {blank
          ? "An answer needs words; to be rid of it, reject it."
          : "Enter when done, Escape as it was, Shift+Enter for a new line. {name} is filled in from the conversation."}
      </p>
      <button
        class="button small answers-done"
        type="button"
        disabled={blank}
        onClick={() => actions.done()}
      >
        Done
      </button>
    </div>
  );
}
