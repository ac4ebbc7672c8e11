import "./text.css";
import { useEffect } from "preact/hooks";
import { SelectField, SliderField } from "../../../components/Field";
import { ProblemNotice } from "../../../components/ProblemNotice";
import { classifiers, sureFrom, TOPS, text, topK } from "../choice";
import { ModelChoice } from "../ModelChoice";
import { examplesFor } from "./examples";
import { again, follow, found, problem, retype } from "./live";
import { Results } from "./Results";
import { percent } from "./segments";
import { TimingBar } from "./TimingBar";
import { WordsView } from "./WordsView";

/** One text, classified while it is typed. */
export function TextView() {
  useEffect(follow, []);
  return (
    <div class="classify-text">
      <ModelChoice />
      <section class="classify-input" aria-label="Text">
        <div class="field">
          <label for="classify-text">Text</label>
          <textarea
            id="classify-text"
            class="input"
            rows={4}
            placeholder="Type or paste a text"
            value={text.value}
            onInput={(event) => retype(event.currentTarget.value)}
          />
        </div>
        <Examples />
        {problem.value && <ProblemNotice problem={problem.value} onRetry={again} />}
        {found.value?.truncated && (
          <p class="notice warn">The text is longer than the encoder reads: its end is not seen.</p>
        )}
      </section>
      <section class="classify-results" aria-label="Answers">
        <Results />
      </section>
      <WordsView />
      {found.value && <TimingBar found={found.value} />}
      <Options />
    </div>
  );
}

function Examples() {
  const names = classifiers.value.map((model) => model.id);
  return (
    <div class="classify-examples">
      <span class="quiet small">Try</span>
      {examplesFor(names).map((example) => (
        <button key={example} class="button small" type="button" onClick={() => retype(example)}>
          {example}
        </button>
      ))}
    </div>
  );
}

function Options() {
  return (
    <section class="classify-options" aria-label="Options">
      <SelectField
        label="Labels shown"
        value={String(topK.value)}
        options={TOPS.map((top) => ({
          value: String(top),
          label: top === 1 ? "the best" : `${top} best`,
        }))}
        onChange={(value) => {
          topK.value = Number(value);
        }}
      />
      <SliderField
        label="Sure from"
        hint="The line on every bar. Only this page uses it; the models are asked for all."
        value={sureFrom.value}
        min={0}
        max={1}
        step={0.01}
        show={percent}
        onChange={(value) => {
          sureFrom.value = value;
        }}
      />
    </section>
  );
}
