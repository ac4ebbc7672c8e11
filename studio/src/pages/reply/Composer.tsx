import { useLayoutEffect, useRef } from "preact/hooks";
import type { Draft } from "./draft";

/** A change of what is selected in the draft, to be made once its text is drawn. */
export interface Cursor {
  start: number;
  end: number;
}

/**
 * The draft, with ghost text behind it and its gaps set off.
 *
 * The text field itself is transparent over a copy of its text that is drawn: a text field can
 * hold neither ghost text nor marks, and nothing else is as good at being typed in. Both are as high
 * as the copy; what is around them scrolls, so that no scrollbar makes lines of the two differ.
 */
export function Composer({
  draft,
  ghost,
  cursor,
  label,
  placeholder,
  onText,
  onKey,
}: {
  draft: Draft;
  /** How the draft may go on; drawn, not typed. */
  ghost: string;
  /** Where to put the cursor after this drawing; null to leave it. */
  cursor: Cursor | null;
  label: string;
  placeholder: string;
  onText: (text: string) => void;
  onKey: (event: KeyboardEvent & { currentTarget: HTMLTextAreaElement }) => void;
}) {
  const field = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    if (cursor) field.current?.setSelectionRange(cursor.start, cursor.end);
  }, [cursor]);
  return (
    <div class="reply-composer">
      <div class="reply-sheet">
        <div class="reply-copy" aria-hidden="true">
          <Marked draft={draft} />
          <span class="reply-ghost">{ghost}</span>{" "}
        </div>
        <textarea
          ref={field}
          // biome-ignore lint/a11y/noAutofocus: the page is for writing replies
          autoFocus
          rows={3}
          spellcheck
          aria-label={label}
          aria-describedby="reply-help"
          placeholder={ghost ? "" : placeholder}
          value={draft.text}
          onInput={(event) => onText(event.currentTarget.value)}
          onKeyDown={onKey}
        />
      </div>
    </div>
  );
}

function Marked({ draft: { text, gaps } }: { draft: Draft }) {
  let at = 0;
  const pieces = gaps.flatMap((gap) => {
    const before = text.slice(at, gap.start);
    at = gap.end;
    return [
      before,
      <mark key={gap.start} class={gap.filled ? "reply-slot" : "reply-slot open"}>
        {text.slice(gap.start, gap.end)}
      </mark>,
    ];
  });
  return (
    <>
      {pieces}
      {text.slice(at)}
    </>
  );
}
