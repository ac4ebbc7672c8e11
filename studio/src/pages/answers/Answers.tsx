import { useEffect } from "preact/hooks";
import { PageHead } from "../../components/PageHead";
import { ProblemNotice } from "../../components/ProblemNotice";
import { reconnected } from "../../server/connection";
import { address, route } from "../../shell/route";
import "./answers.css";
import { lists, listsHint, listsProblem, loadLists, reviewOf } from "./lists";
import { Reviewing } from "./Reviewing";
import type { ListInfo } from "./types";

export default function Answers() {
  useEffect(() => {
    void loadLists();
  }, []);
  const problem = listsProblem.value;
  const gone = problem?.kind === "gone";
  useEffect(() => {
    if (gone) void reconnected().then(loadLists);
  }, [gone]);
  const asked = route.value.rest[0];
  const found = lists.value?.find((each) => each.name === asked) ?? lists.value?.[0];
  if (found && !found.problem) {
    return (
      <Reviewing key={found.name} review={reviewOf(found.name)} choice={<Choice at={found} />} />
    );
  }
  return (
    <>
      <PageHead title="Answers" summary="What agents may be offered, reviewed by people.">
        <Choice at={found} />
      </PageHead>
      <div class="page-body">
        {problem && <ProblemNotice problem={problem} onRetry={() => void loadLists()} />}
        {found?.problem && (
          <div class="notice bad" role="status">
            <span>{found.problem}</span>
            <button class="button small" type="button" onClick={() => void loadLists()}>
              Read again
            </button>
          </div>
        )}
        {lists.value?.length === 0 && (
          <div class="empty">
            <h2>No answer lists here yet</h2>
            {listsHint.value ? (
              <p>{listsHint.value}</p>
            ) : (
              <p>
                The server's folder of lists is empty. <code>cuebox replies extract</code> makes a
                list from past conversations.
              </p>
            )}
          </div>
        )}
      </div>
    </>
  );
}

/* Which list, where there are several. */
function Choice({ at }: { at: ListInfo | undefined }) {
  const all = lists.value ?? [];
  if (all.length < 2) return null;
  return (
    <select
      class="select answers-choice"
      aria-label="List"
      value={at?.name ?? ""}
      onChange={(event) => {
        location.hash = address("answers", event.currentTarget.value);
      }}
    >
      {all.map((each) => (
        <option key={each.name} value={each.name}>
          {each.name} ({each.problem ? "cannot be read" : each.answers.toLocaleString("en")})
        </option>
      ))}
    </select>
  );
}
