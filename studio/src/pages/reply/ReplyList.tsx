import type { Reply } from "./suggestions";

/** The ranked replies above the composer. */
export function ReplyList({
  replies,
  selected,
  onTake,
}: {
  replies: readonly Reply[];
  /** Index of the one that Enter takes; -1 for none. */
  selected: number;
  onTake: (index: number) => void;
}) {
  return (
    <div class="reply-list">
      <ol aria-label="Suggested replies">
        {replies.map((reply, index) => (
          <li key={reply.id}>
            <button
              type="button"
              tabIndex={-1}
              aria-current={index === selected}
              onPointerDown={(event) => event.preventDefault()}
              onClick={() => onTake(index)}
            >
              <kbd>{index + 1}</kbd>
              <span class="reply-text">
                <Pieces reply={reply} />
              </span>
              <span class="reply-score" title="How probable it is that this is what you send">
                {Math.round(reply.score * 100)} %
              </span>
            </button>
          </li>
        ))}
      </ol>
    </div>
  );
}

/* The text with its variable parts set off; their places are code points. */
function Pieces({ reply: { text, slots } }: { reply: Reply }) {
  const points = [...text];
  let at = 0;
  const pieces = slots.flatMap((slot) => {
    const before = points.slice(at, slot.start).join("");
    at = slot.end;
    const inside = points.slice(slot.start, slot.end).join("");
    return [
      before,
      <mark key={slot.start} class={slot.filled ? "reply-slot" : "reply-slot open"}>
        {inside}
      </mark>,
    ];
  });
  return (
    <>
      {pieces}
      {points.slice(at).join("")}
    </>
  );
}
