import { useEffect, useRef, useState } from "preact/hooks";
import type { EditorView } from "prosemirror-view";
import { Choices } from "./ChoiceList";
import type { Keeper } from "./document/keeper";
import type { Suggester } from "./suggest/suggester";
import { openView, type Shown } from "./view";

/** The text, with ghost text in it and the choices beside the cursor. */
export function Editor({
  keeper,
  suggester,
  view,
}: {
  keeper: Keeper;
  suggester: Suggester;
  /** Where the view is left for what stands around the editor. */
  view: { current: EditorView | null };
}) {
  const sheet = useRef<HTMLDivElement>(null);
  const holder = useRef<HTMLDivElement>(null);
  const [shown, setShown] = useState<Shown | null>(null);
  const [leaving, setLeaving] = useState(false);
  useEffect(() => {
    if (!sheet.current || !holder.current) return;
    const opened = openView(holder.current, sheet.current, keeper, suggester, {
      setShown,
      setLeaving,
    });
    view.current = opened;
    opened.focus();
    return () => {
      suggester.stop();
      view.current = null;
      opened.destroy();
    };
  }, [keeper, suggester, view]);
  return (
    <div class="write-sheet" ref={sheet}>
      <div ref={holder} />
      <Choices shown={shown} view={view} />
      <p class="hidden" id="write-help">
        Tab suggests, and accepts what is suggested. Right accepts a word, Up and Down choose,
        Escape dismisses. Escape and then Tab leaves the text.
      </p>
      <p class="hidden" role="status">
        {leaving && "Tab now leaves the text."}
      </p>
    </div>
  );
}
