import type { Model } from "../../server/models";
import { asked, choose, classifiers, leftOut } from "./choice";

/** Which classifiers are asked: a box for each. */
export function ModelChoice() {
  const all = classifiers.value;
  return (
    <fieldset class="classify-models">
      <legend>Classifiers</legend>
      {all.map((model) => (
        <label key={model.id} class="check">
          <input
            type="checkbox"
            checked={!leftOut.value.includes(model.id)}
            onChange={(event) => choose(model.id, event.currentTarget.checked)}
          />
          <span>
            {model.id} <span class="quiet small">{facts(model)}</span>
          </span>
        </label>
      ))}
      {asked.value.length === 0 && <p class="quiet small">Choose at least one.</p>}
    </fieldset>
  );
}

function facts(model: Model): string {
  const labels = model.labels.length === 1 ? "1 label" : `${model.labels.length} labels`;
  return model.task === "multi" ? `${labels}, any number of them` : labels;
}
