import { cachedShare, count, duration, type Figures, type ModelFigures, share } from "./figures";
import { middles } from "./plot";
import { Spark } from "./Spark";

/** What each model did; those that did most first. */
export function ModelTable({ figures }: { figures: Figures }) {
  const { until, seconds } = figures.timeline;
  const times = middles(until, seconds);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard
    <section class="monitor-scroll" aria-label="Table of models" tabIndex={0}>
      <table class="monitor-models">
        <caption class="hidden">Models, those that were asked most first</caption>
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col" class="wide">
              Requests a second
            </th>
            <th scope="col">Requests</th>
            <th scope="col" class="more">
              Rows
            </th>
            <th scope="col">Refused</th>
            <th scope="col">Errors</th>
            <th scope="col" class="more">
              Tokens written
            </th>
            <th scope="col" class="more">
              Prompts remembered
            </th>
            <th scope="col" class="more">
              First token, p50 / p90
            </th>
          </tr>
        </thead>
        <tbody>
          {figures.models.map((model) => (
            <Row key={model.model} model={model} times={times} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ model, times }: { model: ModelFigures; times: readonly number[] }) {
  const writes = model.completions > 0;
  return (
    <tr class={model.requests === 0 ? "idle" : ""}>
      <th scope="row">
        {model.model} <span class="tag">{model.kind || "gone"}</span>
      </th>
      <td class="wide">
        <Spark times={times} values={model.requests_per_second} />
      </td>
      <td>{count(model.requests)}</td>
      <td class="more">{count(model.rows)}</td>
      <td class={model.refused > 0 ? "warn" : ""}>{count(model.refused)}</td>
      <td class={model.errors > 0 ? "bad" : ""}>{count(model.errors)}</td>
      <td class="more">{writes ? count(model.completion_tokens) : ""}</td>
      <td class="more">{writes ? share(cachedShare(model)) : ""}</td>
      <td class="more">
        {model.first_token
          ? `${duration(model.first_token.p50)} / ${duration(model.first_token.p90)}`
          : ""}
      </td>
    </tr>
  );
}
