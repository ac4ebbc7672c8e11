import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../../components/Icon";
import type { Part } from "./part";
import { tagsWith } from "./tagging";

/** The tags of an answer: T types one, Enter adds it. */
export function Tags({ review, answer, actions, doing }: Part) {
  const known = useId();
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState("");
  useLayoutEffect(() => {
    if (doing.value === "tag") input.current?.focus();
  }, [doing.value]);
  const add = () => {
    const now = review.byId.peek().get(answer.id) ?? answer;
    review.set("tagged", now, "tags", tagsWith(now.tags, typed));
    setTyped("");
  };
  return (
    <div class="answers-tags">
      <span class="answers-label" id={`${known}-label`}>
        Tags
      </span>
      {answer.tags.map((tag) => (
        <span key={tag} class="tag accent answers-tag">
          {tag}
          <button
            type="button"
            aria-label={`Remove the tag ${tag}`}
            onClick={() =>
              review.set(
                "untagged",
                answer,
                "tags",
                answer.tags.filter((each) => each !== tag),
              )
            }
          >
            <Icon name="close" />
          </button>
        </span>
      ))}
      <input
        ref={input}
        id="answers-tag"
        class="input"
        aria-labelledby={`${known}-label`}
        placeholder="Add (T)"
        maxLength={100}
        list={known}
        value={typed}
        onFocus={() => {
          doing.value = "tag";
        }}
        onInput={(event) => setTyped(event.currentTarget.value)}
        onBlur={() => {
          add();
          if (doing.peek() === "tag") doing.value = null;
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && typed.trim()) add();
          else if (event.key === "Enter" || event.key === "Escape") actions.done();
          else if (event.key === "," || event.key === ";") add();
          else return;
          event.preventDefault();
        }}
      />
      <datalist id={known}>
        {review.tags.value.map(({ word }) => (
          <option key={word} value={word} />
        ))}
      </datalist>
    </div>
  );
}
