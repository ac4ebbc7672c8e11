import type { Row } from "../answers";
import { Scrollable } from "../Scrollable";
import { short } from "./ColumnChoice";
import type { Run } from "./run";

/** What a run found so far: frequent labels, and the first rows. */
export function Findings({ run }: { run: Run }) {
  return (
    <section class="classify-findings" aria-label="What was found">
      {run.models.map((model) => (
        <Frequent key={model} run={run} model={model} />
      ))}
      <Scrollable label="The first answers">
        <table>
          <thead>
            <tr>
              <th scope="col">Text</th>
              {run.models.map((model) => (
                <th key={model} scope="col">
                  {model}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {run.first.value.map(({ text, row }, index) => (
              <tr key={index}>
                <td dir="auto">{short(text)}</td>
                <Answers row={row} models={run.models} />
              </tr>
            ))}
          </tbody>
        </table>
      </Scrollable>
    </section>
  );
}

function Answers({ row, models }: { row: Row; models: readonly string[] }) {
  if (row.error) {
    return (
      <td colSpan={models.length}>
        <span class="tag bad">{row.error.message}</span>
      </td>
    );
  }
  const found = new Map((row.results ?? []).map((result) => [result.model, result]));
  return (
    <>
      {models.map((model) => {
        const result = found.get(model);
        return (
          <td key={model}>
            {result?.out_of_scope ? (
              <span class="quiet">out of scope</span>
            ) : (
              (result?.labels ?? []).map((each) => (
                <span key={each.label} class="classify-answer">
                  {each.label} <span class="quiet numbers">{Math.round(100 * each.score)} %</span>
                </span>
              ))
            )}
          </td>
        );
      })}
    </>
  );
}

const MOST_LABELS = 5;

/** The most frequent labels of one model. */
function Frequent({ run, model }: { run: Run; model: string }) {
  const done = run.done.value;
  return (
    <section class="card classify-frequent" aria-label={`Most frequent labels of ${model}`}>
      <h3>{model}</h3>
      <ol>
        {run.tally.top(model, MOST_LABELS).map(({ label, count }) => (
          <li key={label}>
            <span class="name">{label}</span>
            <span class="numbers quiet">{count.toLocaleString("en")}</span>
            <span class="bar" aria-hidden="true">
              <span style={{ width: `${(100 * count) / Math.max(1, done)}%` }} />
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
