import { computed, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { PageHead } from "../../components/PageHead";
import { ProblemNotice } from "../../components/ProblemNotice";
import { AddDialog } from "./AddDialog";
import { Actions, type Doing } from "./actions";
import { commandOf } from "./commands";
import { Filters } from "./Filters";
import { EVERYTHING, type Filter, visible } from "./filter";
import { HelpDialog } from "./HelpDialog";
import { MergeDialog } from "./MergeDialog";
import { Opened } from "./Opened";
import { Rows } from "./Rows";
import type { Review } from "./review";
import { SaveState } from "./SaveState";

/** The review of one list: what is there on the left, the open answer on the right. */
export function Reviewing({ review, choice }: { review: Review; choice: ComponentChildren }) {
  const filter = useSignal<Filter>(EVERYTHING);
  const doing = useSignal<Doing>(null);
  const said = useSignal("");
  const inFront = useSignal(false);
  const bench = useMemo(() => {
    const shown = computed(() => visible(review.answers.value, filter.value, review.totals.value));
    const opened = computed(() => review.byId.value.get(review.opened.value) ?? shown.value[0]);
    return { review, shown, opened, doing, said, inFront };
  }, [review, filter, doing, said, inFront]);
  const actions = useMemo(() => new Actions(bench), [bench]);
  const answers = review.answers.value;
  const totals = review.totals.value;
  const shown = bench.shown.value;
  const opened = bench.opened.value;

  useEffect(() => review.saving.follow(), [review]);
  useEffect(() => {
    const leave = (event: BeforeUnloadEvent) => {
      if (review.kept.failed && review.waiting) event.preventDefault();
    };
    addEventListener("beforeunload", leave);
    return () => removeEventListener("beforeunload", leave);
  }, [review]);
  useEffect(() => {
    const listen = (event: StorageEvent) => {
      if (review.kept.isAbout(event.key)) review.readAgain();
    };
    addEventListener("storage", listen);
    return () => removeEventListener("storage", listen);
  }, [review]);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const command = commandOf(event);
      if (command && actions.run(command)) event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [actions]);

  const done = review.reviewed.value;
  return (
    <div class={inFront.value ? "answers open" : "answers"}>
      <PageHead title="Answers">
        {choice}
        <button class="button" type="button" onClick={() => actions.run("add")}>
          Write one
        </button>
        <button class="button answers-help" type="button" onClick={() => actions.run("help")}>
          Keys <kbd>?</kbd>
        </button>
      </PageHead>
      <div class="answers-progress">
        <p role="status">
          <strong>{done.toLocaleString("en")}</strong> of {answers.length.toLocaleString("en")}{" "}
          reviewed
        </p>
        <span class="bar" aria-hidden="true">
          <span style={{ width: `${answers.length ? (100 * done) / answers.length : 0}%` }} />
        </span>
        <p class="answers-said small quiet" role="status">
          {said.value}
        </p>
        <SaveState review={review} onOpen={(id) => actions.open(id)} />
      </div>
      <Trouble review={review} />
      <div class="answers-panes">
        <section class="answers-list" aria-label="List">
          <Filters
            filter={filter.value}
            review={review}
            shown={shown.length}
            onChange={(changed) => {
              filter.value = changed;
            }}
          />
          <Rows
            answers={shown}
            totals={totals}
            opened={opened?.id ?? ""}
            troubled={review.troubled.value}
            most={shown[0] ? (totals.get(shown[0].id)?.count ?? shown[0].count) : 0}
            onOpen={(id) => actions.open(id)}
          />
        </section>
        <section class="answers-opened" id="answers-opened" aria-label="Answer" tabIndex={-1}>
          {opened ? (
            <Opened
              key={opened.id}
              review={review}
              answer={opened}
              actions={actions}
              doing={doing}
            />
          ) : (
            <Nothing review={review} found={answers.length > 0} />
          )}
        </section>
      </div>
      {doing.value === "help" && <HelpDialog onClose={() => actions.done()} />}
      {doing.value === "merge" && opened && (
        <MergeDialog review={review} answer={opened} actions={actions} />
      )}
      {doing.value === "add" && <AddDialog review={review} actions={actions} />}
    </div>
  );
}

/* The list could not be read, or has an answer no more: what is kept here is told of. */
function Trouble({ review }: { review: Review }) {
  const problem = review.problem.value;
  const lost = review.conflicts.value.filter(({ change }) => !review.byId.value.has(change.id));
  if (!problem && !lost.length) return null;
  return (
    <div class="answers-trouble">
      {problem && <ProblemNotice problem={problem} onRetry={() => void review.saving.start()} />}
      {problem && review.waiting > 0 && (
        <p class="quiet small">
          {review.waiting === 1 ? "1 edit is" : `${review.waiting} edits are`} kept in this browser
          until the list can be read.
        </p>
      )}
      {lost.map(({ change: { id, field, to } }) => (
        <div key={`${field}/${id}`} class="notice warn" role="status">
          <span>
            An answer that you edited is no longer in the list. What you wanted:{" "}
            {typeof to === "string" ? to : to.join(", ")}
          </span>
          <button class="button small" type="button" onClick={() => review.drop(id, field)}>
            Give it up
          </button>
        </div>
      ))}
    </div>
  );
}

function Nothing({ review, found }: { review: Review; found: boolean }) {
  if (!review.known.value) {
    return review.problem.value ? null : <p class="quiet">Reading the list</p>;
  }
  return (
    <div class="empty">
      <h2>{found ? "No answer is like that" : "The list is empty"}</h2>
      {found && <p>Search for something else, or show all.</p>}
    </div>
  );
}
