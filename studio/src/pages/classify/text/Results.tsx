import type { Classification, LabelScore } from "../answers";
import { sureFrom, text } from "../choice";
import { found, labels, lookedAt, problem, words } from "./live";
import { percent } from "./segments";

/** A card for every classifier, with its labels as bars. */
export function Results() {
  const current = found.value;
  if (!current) {
    return <p class="classify-nothing quiet">The answers of the classifiers appear here.</p>;
  }
  const stale = current.text !== text.value;
  return (
    <div class={stale ? "classify-heads stale" : "classify-heads"} aria-busy={stale}>
      {stale && problem.value && (
        <p class="quiet small">These are the answers for an earlier text.</p>
      )}
      {current.results.map((result) => (
        <Head key={result.model} result={result} given={current.given.get(result.model)} />
      ))}
    </div>
  );
}

function Head({ result, given }: { result: Classification; given: Set<string> | undefined }) {
  const best = result.labels[0];
  return (
    <section class="classify-head card" aria-label={result.model}>
      <header>
        <h2>{result.model}</h2>
        <Verdict result={result} given={given} best={best} />
      </header>
      <ol>
        {result.labels.map((each) => (
          <li key={each.label}>
            <Bar model={result.model} found={each} given={given?.has(each.label) === true} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function Verdict({
  result,
  given,
  best,
}: {
  result: Classification;
  given: Set<string> | undefined;
  best: LabelScore | undefined;
}) {
  if (result.out_of_scope) {
    return <p class="tag warn">Out of scope: none of its labels fits</p>;
  }
  if (given) {
    const count = given.size;
    return (
      <p class="tag">
        {count === 0 ? "gives no label" : count === 1 ? "gives 1 label" : `gives ${count} labels`}
      </p>
    );
  }
  if (best && best.score < sureFrom.value) {
    return <p class="tag">unsure: below {percent(sureFrom.value)}</p>;
  }
  return null;
}

function Bar({
  model,
  found: { label, score },
  given,
}: {
  model: string;
  found: LabelScore;
  given: boolean;
}) {
  const explained = words.value?.data.some((each) => each.model === model && each.label === label);
  const shown = explained === true && (lookedAt.value ?? words.value?.data[0]?.model) === model;
  const choose = () => {
    labels.value = { ...labels.value, [model]: label };
    lookedAt.value = model;
  };
  const weak = score < sureFrom.value;
  return (
    <button
      class={weak ? "classify-bar weak" : "classify-bar"}
      type="button"
      aria-pressed={shown}
      title={`Which words mattered for ${label}?`}
      onClick={choose}
    >
      <span class="name">
        {label}
        {given && <span class="tag good">given</span>}
      </span>
      <span class="score">{percent(score)}</span>
      <span class="track" aria-hidden="true">
        <span class="fill" style={{ width: `${100 * score}%` }} />
        <span class="line" style={{ left: `${100 * sureFrom.value}%` }} />
      </span>
    </button>
  );
}
