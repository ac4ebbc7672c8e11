import { useEffect, useState } from "preact/hooks";
import type { EditorView } from "prosemirror-view";
import { choose, current, type Fitting, fitting } from "./suggest/offer";
import { accept, show, suggesting } from "./suggest/plugin";
import type { Shown } from "./view";

/* A list that is gone stays this long, dimmed: the next one mostly comes within it, and the screen
   does not flicker with every key. In milliseconds. */
const LINGER = 160;

/** The choices beside the cursor; clicked or tapped, one is accepted. */
export function Choices({
  shown,
  view,
}: {
  shown: Shown | null;
  view: { current: EditorView | null };
}) {
  const [stale, setStale] = useState<Shown | null>(null);
  const live = shown && fitting(shown.offer).length > 0 ? shown : null;
  useEffect(() => {
    if (live) {
      setStale(live);
      return;
    }
    const timer = setTimeout(() => setStale(null), LINGER);
    return () => clearTimeout(timer);
  }, [live]);
  if (live) return <ChoiceList shown={live} view={view} />;
  if (shown?.offer.engaged) return <Waiting left={shown.place.left} top={shown.place.bottom} />;
  return stale && <ChoiceList shown={stale} view={view} stale />;
}

function ChoiceList({
  shown: { offer, place, word },
  view,
  stale = false,
}: {
  shown: Shown;
  view: { current: EditorView | null };
  stale?: boolean;
}) {
  const choices = fitting(offer);
  const selected = current(offer)?.index;
  const take = (number: number) => {
    const editor = view.current;
    const now = editor && suggesting(editor.state).offer;
    if (!editor || !now) return;
    show(editor, choose(now, number));
    accept(editor, "all");
    editor.focus();
  };
  const chosen = choices.find((each) => each.index === selected);
  return (
    <div
      class={["write-choices", place.above && "above", stale && "stale"].filter(Boolean).join(" ")}
      aria-hidden={stale}
      style={{
        "--left": `${place.left}px`,
        top: `${place.above ? place.top : place.bottom}px`,
      }}
    >
      <ol aria-label="Suggestions">
        {choices.map((choice, number) => (
          <li key={choice.index}>
            <button
              type="button"
              tabIndex={-1}
              aria-current={choice.index === selected}
              // The focus stays in the text.
              onPointerDown={(event) => event.preventDefault()}
              onClick={() => take(number)}
            >
              <kbd>{number + 1}</kbd>
              <span class="write-choice">
                <span class="write-word">{word}</span>
                {choice.rest}
              </span>
              <Sureness choice={choice} />
            </button>
          </li>
        ))}
      </ol>
      <p class="write-keys" aria-hidden="true">
        <kbd>Tab</kbd> accept <kbd>→</kbd> a word <kbd>↑</kbd>
        <kbd>↓</kbd> choose <kbd>Esc</kbd>
      </p>
      <p class="hidden" role="status">
        {!stale && offer.engaged && chosen && `${chosen.rest}, ${choices.length} suggestions`}
      </p>
    </div>
  );
}

/* The score is a mean log-probability of tokens, or the log of the chance that all is right. */
function Sureness({ choice }: { choice: Fitting }) {
  if (choice.score === null) return null;
  const sure = Math.exp(choice.score);
  return (
    <span class="write-sure" title="How sure the model is, from 0 to 1">
      {sure.toFixed(2)}
    </span>
  );
}

function Waiting({ left, top }: { left: number; top: number }) {
  return (
    <p class="write-choices write-waiting" style={{ "--left": `${left}px`, top: `${top}px` }}>
      Asking for suggestions…
    </p>
  );
}
