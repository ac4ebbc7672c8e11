import { useMemo, useState } from "preact/hooks";
import { Dialog } from "../../components/Dialog";
import type { Actions } from "./actions";
import { EVERYTHING, visible } from "./filter";
import { rootOf, stays } from "./merging";
import type { Review } from "./review";
import { Template } from "./Template";
import type { Answer } from "./types";

const SHOWN = 9;

/** Which answer says the same: the most alike first, or what is searched for. */
export function MergeDialog({
  review,
  answer,
  actions,
}: {
  review: Review;
  answer: Answer;
  actions: Actions;
}) {
  const [words, setWords] = useState("");
  const [at, setAt] = useState(0);
  const byId = review.byId.value;
  const all = review.answers.value;
  const totals = review.totals.value;
  const nearest = review.nearest.value;
  const found = useMemo(() => {
    const near = words.trim()
      ? visible(all, { ...EVERYTHING, words }, totals)
      : nearest.of(answer.id, answer.text, 4 * SHOWN).flatMap(({ id }) => byId.get(id) ?? []);
    const root = rootOf(answer, byId);
    const roots = new Set(near.map((each) => rootOf(each, byId)));
    roots.delete(root);
    return [...roots].slice(0, SHOWN);
  }, [words, answer, byId, all, totals, nearest]);
  const chosen = Math.min(at, found.length - 1);
  const pick = (place: number) => {
    const other = found[place];
    if (other) actions.merge(answer, other);
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt(Math.min(chosen + 1, found.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(chosen - 1, 0));
    else if (event.key === "Enter") pick(chosen);
    else if (!words && /^[1-9]$/.test(event.key)) pick(Number(event.key) - 1);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title="Merge with" onClose={() => actions.done()}>
      <p class="small quiet answers-merging">
        <Template text={answer.text} />
      </p>
      <input
        class="input"
        type="text"
        // biome-ignore lint/a11y/noRedundantRoles: without a list of its own it is a text box
        role="combobox"
        list={undefined}
        aria-label="Answer that says the same"
        aria-expanded="true"
        aria-controls="answers-targets"
        aria-activedescendant={found.length ? `answers-target-${chosen}` : undefined}
        placeholder="1–9, arrows, or search"
        value={words}
        onInput={(event) => {
          setWords(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={press}
      />
      <div class="answers-targets" id="answers-targets" role="listbox" aria-label="Answers alike">
        {found.map((each, place) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above takes the keys
          <div
            key={each.id}
            id={`answers-target-${place}`}
            role="option"
            aria-selected={place === chosen}
            tabIndex={-1}
            onClick={() => pick(place)}
          >
            <kbd>{place + 1}</kbd>
            <span>
              <Template text={each.text} />
              <span class="small quiet answers-fate">
                {each.count.toLocaleString("en")}×
                {stays(rootOf(answer, byId), each) === each ? ", stays" : ", goes into this one"}
              </span>
            </span>
          </div>
        ))}
      </div>
      {!found.length && <p class="quiet small">Nothing found.</p>}
      <div class="actions end">
        <button class="button" type="button" onClick={() => actions.done()}>
          Cancel
        </button>
      </div>
    </Dialog>
  );
}
