import type { Signal } from "@preact/signals";
import { CheckField, SelectField, SliderField } from "../../components/Field";
import type { Model } from "../../server/models";
import { type Sampling, STOPS, USUAL_SAMPLING } from "./sampling";
import type { StopAt } from "./suggest/completions";

const STOP_WORDS: Readonly<Record<StopAt, string>> = {
  word: "One word",
  gain: "As long as it pays",
  clause: "To the next comma or stop",
  sentence: "To the end of the sentence",
};

const STOP_HINTS: Readonly<Record<StopAt, string>> = {
  word: "Short, and most often right.",
  gain: "Cut where the keys it saves, times the chance that all of it is right, are most.",
  clause: "A thought, rarely more than a few words.",
  sentence: "Long, and therefore less often right as a whole.",
};

/** The model and how it is asked, each with what it does. */
export function Controls({
  sampling,
  model,
  models,
}: {
  sampling: Signal<Sampling>;
  /** The one in use. */
  model: Model | null;
  models: readonly Model[];
}) {
  const now = sampling.value;
  const set = (change: Partial<Sampling>) => {
    sampling.value = { ...sampling.peek(), ...change };
  };
  return (
    <div class="write-controls">
      <SelectField
        label="Model"
        hint={model && describe(model)}
        value={model?.id ?? ""}
        options={models.map(({ id }) => ({ value: id, label: id }))}
        onChange={(id) => set({ model: id })}
      />
      <SelectField
        label="Length"
        hint={STOP_HINTS[now.stopAt]}
        value={now.stopAt}
        options={STOPS.map((stop) => ({ value: stop, label: STOP_WORDS[stop] }))}
        onChange={(stop) => set({ stopAt: stop as StopAt })}
      />
      <SliderField
        label="Choices"
        hint="Different continuations from one request; three cost little more than one."
        value={now.choices}
        min={1}
        max={3}
        step={1}
        onChange={(choices) => set({ choices })}
      />
      <CheckField
        label="Suggest on a pause"
        hint="Off: only Tab asks. How long a pause is follows your typing and the server's speed."
        checked={now.onPause}
        onChange={(onPause) => set({ onPause })}
      />
      {now.onPause && (
        <SliderField
          label="How often"
          hint="On a pause, suggest only where the model is as sure as in this share of all places. Tab always asks."
          value={now.coverage}
          min={0.1}
          max={1}
          step={0.05}
          show={(share) => (share >= 1 ? "always" : `surest ${Math.round(share * 100)} %`)}
          onChange={(coverage) => set({ coverage })}
        />
      )}
      <SliderField
        label="Temperature"
        hint="0 always takes the most probable words. Higher: more surprising, and different each time."
        value={now.temperature}
        min={0}
        max={1.5}
        step={0.1}
        show={(value) => value.toFixed(1)}
        onChange={(temperature) => set({ temperature })}
      />
      {now.temperature > 0 && (
        <SliderField
          label="Top p"
          hint="Draw only from the most probable words that together have this probability: lower keeps nonsense out."
          value={now.topP}
          min={0.1}
          max={1}
          step={0.05}
          show={(value) => value.toFixed(2)}
          onChange={(topP) => set({ topP })}
        />
      )}
      <SliderField
        label="Most tokens"
        hint="An upper bound of each choice; a token is about three quarters of a word."
        value={now.maxTokens}
        min={4}
        max={64}
        step={4}
        onChange={(maxTokens) => set({ maxTokens })}
      />
      <button
        class="button small"
        type="button"
        onClick={() => set({ ...USUAL_SAMPLING, model: now.model })}
      >
        As it was at first
      </button>
    </div>
  );
}

function describe({ version, max_tokens, opening }: Model): string {
  const learnt = opening
    ? "Learnt conversations: it goes on as an agent would."
    : "Continues text.";
  return `${learnt} Reads up to ${max_tokens} tokens. Version ${version}.`;
}
