import { Segmented } from "../../components/Segmented";
import { EVERYTHING, type Filter, type Shown } from "./filter";
import type { Review } from "./review";

const WORDS: Record<Shown, string> = {
  all: "All",
  proposed: "To review",
  accepted: "Accepted",
  rejected: "Rejected",
  merged: "Merged",
};

/** What is shown of the list. */
export function Filters({
  filter,
  review,
  shown,
  onChange,
}: {
  filter: Filter;
  review: Review;
  shown: number;
  onChange: (filter: Filter) => void;
}) {
  const states = review.states.value;
  const tags = review.tags.value;
  const flags = review.flags.value;
  const all = filter.words === "" && filter.tag === "" && filter.flag === "";
  return (
    <search class="answers-filters">
      <input
        id="answers-search"
        class="input"
        type="search"
        placeholder="Search ( / )"
        aria-label="Search"
        value={filter.words}
        onInput={(event) => onChange({ ...filter, words: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key === "Escape" && filter.words) onChange({ ...filter, words: "" });
          else if (event.key === "Enter" || event.key === "ArrowDown" || event.key === "Escape") {
            document.getElementById("answers-rows")?.focus();
          } else return;
          event.preventDefault();
        }}
      />
      <div class="answers-states">
        <Segmented
          label="Show"
          value={filter.status}
          options={(Object.keys(WORDS) as Shown[])
            .filter((each) => each === "all" || states[each] > 0 || each === filter.status)
            .map((value) => ({ value, label: `${WORDS[value]} ${short(states[value])}` }))}
          onChange={(status) => onChange({ ...filter, status })}
        />
      </div>
      {(tags.length > 0 || flags.length > 0) && (
        <div class="answers-words">
          {tags.length > 0 && (
            <Words
              label="Tag"
              all="Any tag"
              words={tags}
              value={filter.tag}
              onChange={(tag) => onChange({ ...filter, tag })}
            />
          )}
          {flags.length > 0 && (
            <Words
              label="Flag"
              all="Flagged or not"
              words={flags}
              value={filter.flag}
              onChange={(flag) => onChange({ ...filter, flag })}
            />
          )}
        </div>
      )}
      {!all && (
        <p class="small quiet answers-found" role="status">
          {shown.toLocaleString("en")} found
          <button
            class="button plain small"
            type="button"
            onClick={() => onChange({ ...EVERYTHING, status: filter.status })}
          >
            Show all
          </button>
        </p>
      )}
    </search>
  );
}

function Words({
  label,
  all,
  words,
  value,
  onChange,
}: {
  label: string;
  all: string;
  words: readonly { word: string; count: number }[];
  value: string;
  onChange: (word: string) => void;
}) {
  return (
    <select
      class="select"
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    >
      <option value="">{all}</option>
      {words.map(({ word, count }) => (
        <option key={word} value={word}>
          {word} ({count.toLocaleString("en")})
        </option>
      ))}
    </select>
  );
}

function short(count: number): string {
  return count < 10_000 ? count.toLocaleString("en") : `${Math.round(count / 1000)}k`;
}
