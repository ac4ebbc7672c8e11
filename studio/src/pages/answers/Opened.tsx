import { useMemo } from "preact/hooks";
import type { Actions } from "./actions";
import { Conflicts } from "./Conflicts";
import { rootOf, type Total, waysOf } from "./merging";
import { Note } from "./Note";
import type { Part } from "./part";
import type { Review } from "./review";
import { Tags } from "./Tags";
import { Template } from "./Template";
import type { Answer } from "./types";
import { Ways } from "./Ways";
import { Wording } from "./Wording";

/** One answer with all that is known of it, and what can be done about it. */
export function Opened({ review, answer, actions, doing }: Part) {
  const total = review.totals.value.get(answer.id);
  const root = rootOf(answer, review.byId.value);
  return (
    <article class="answers-answer">
      <div class="answers-turning">
        <button class="button plain" type="button" onClick={() => actions.back()}>
          ‹ List
        </button>
        <button class="button plain" type="button" onClick={() => actions.run("next")}>
          Next ›
        </button>
      </div>
      <Conflicts review={review} answer={answer} />
      <p class="answers-facts small">
        <StateTag answer={answer} />
        <span class="quiet">{said(answer, total)}</span>
        {answer.flags.map((flag) => (
          <span key={flag} class="tag warn">
            {flag}: may be personal data
          </span>
        ))}
      </p>
      <Wording review={review} answer={answer} actions={actions} doing={doing} />
      {answer.merged_into && (
        <p class="notice">
          <span>Another wording of “{root.text}”. That answer is offered in its place.</span>
          <button class="button small" type="button" onClick={() => actions.open(root.id)}>
            Open it
          </button>
        </p>
      )}
      <Buttons answer={answer} actions={actions} canUndo={review.steps.value.length > 0} />
      <Tags review={review} answer={answer} actions={actions} doing={doing} />
      <Note review={review} answer={answer} actions={actions} doing={doing} />
      <Ways answer={answer} />
      <Merged total={total} actions={actions} />
      <Alike review={review} answer={answer} actions={actions} />
    </article>
  );
}

function StateTag({ answer }: { answer: Answer }) {
  if (answer.merged_into) return <span class="tag">merged</span>;
  if (answer.status === "accepted") return <span class="tag good">accepted</span>;
  if (answer.status === "rejected") return <span class="tag bad">rejected</span>;
  return <span class="tag">to review</span>;
}

function said(answer: Answer, total: Total | undefined): string {
  const { count, share } = total ?? answer;
  if (!count) return "written by a reviewer, or said no more";
  const times = count === 1 ? "said once" : `said ${count.toLocaleString("en")} times`;
  return `${times}, ${(100 * share).toLocaleString("en", { maximumSignificantDigits: 2 })} % of all messages`;
}

function Buttons({
  answer,
  actions,
  canUndo,
}: {
  answer: Answer;
  actions: Actions;
  canUndo: boolean;
}) {
  const decided = answer.status;
  return (
    <div class="actions answers-actions">
      {!answer.merged_into && (
        <>
          <button
            class="button answers-accept"
            type="button"
            aria-pressed={decided === "accepted"}
            onClick={() => actions.run("accept")}
          >
            Accept <kbd>A</kbd>
          </button>
          <button
            class="button answers-reject"
            type="button"
            aria-pressed={decided === "rejected"}
            onClick={() => actions.run("reject")}
          >
            Reject <kbd>R</kbd>
          </button>
          <button class="button" type="button" onClick={() => actions.run("reword")}>
            Reword <kbd>E</kbd>
          </button>
        </>
      )}
      {answer.merged_into ? (
        <button class="button" type="button" onClick={() => actions.run("apart")}>
          Take apart <kbd>S</kbd>
        </button>
      ) : (
        <button class="button" type="button" onClick={() => actions.run("merge")}>
          Merge <kbd>M</kbd>
        </button>
      )}
      <button
        class="button plain"
        type="button"
        disabled={!canUndo}
        onClick={() => actions.run("undo")}
      >
        Undo <kbd>U</kbd>
      </button>
    </div>
  );
}

function Merged({ total, actions }: { total: Total | undefined; actions: Actions }) {
  if (!total) return null;
  return (
    <section class="answers-part">
      <h2>Merged into it</h2>
      <ul class="answers-near">
        {total.merged.map((each) => (
          <li key={each.id}>
            <span class="answers-near-text">
              <Template text={each.text} />
              {waysOf(each)
                .filter((way) => way !== each.text)
                .map((way) => (
                  <span key={way} class="answers-way small quiet">
                    {way}
                  </span>
                ))}
            </span>
            <span class="quiet small numbers">{each.count.toLocaleString("en")}×</span>
            <span class="actions">
              <button class="button small" type="button" onClick={() => actions.lead(each)}>
                Offer this wording
              </button>
              <button class="button small" type="button" onClick={() => actions.apart(each)}>
                Take apart
              </button>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const SHOWN = 5;

function Alike({ review, answer, actions }: { review: Review; answer: Answer; actions: Actions }) {
  const { id, text } = answer;
  const nearest = review.nearest.value;
  const near = useMemo(() => nearest.of(id, text, 3 * SHOWN), [nearest, id, text]);
  const byId = review.byId.value;
  const root = rootOf(answer, byId);
  const others = near
    .flatMap((each) => byId.get(each.id) ?? [])
    .filter((each) => rootOf(each, byId) !== root && each.status !== "rejected")
    .slice(0, SHOWN);
  if (!others.length) return null;
  return (
    <section class="answers-part">
      <h2>Says nearly the same?</h2>
      <ul class="answers-near">
        {others.map((each) => (
          <li key={each.id}>
            <button
              class="answers-near-text link"
              type="button"
              onClick={() => actions.open(each.id)}
            >
              <Template text={each.text} />
            </button>
            <span class="quiet small numbers">{each.count.toLocaleString("en")}×</span>
            <span class="actions">
              <button
                class="button small"
                type="button"
                onClick={() => actions.merge(answer, each)}
              >
                Merge
              </button>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
