import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface Shared {
  label: string;
  /** What it does, in a sentence. */
  hint?: ComponentChildren;
}

/** A choice from a list. */
export function SelectField({
  label,
  hint,
  value,
  options,
  onChange,
}: Shared & {
  value: string;
  options: readonly { value: string; label: string }[];
  onChange: (value: string) => void;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        class="select"
        value={value}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      <Hint id={id}>{hint}</Hint>
    </div>
  );
}

/** A number on a slider, with its value in words. */
export function SliderField({
  label,
  hint,
  value,
  min,
  max,
  step,
  show = String,
  onChange,
}: Shared & {
  value: number;
  min: number;
  max: number;
  step: number;
  show?: (value: number) => string;
  onChange: (value: number) => void;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>
        {label} <span class="slider-value">{show(value)}</span>
      </label>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        aria-valuetext={show(value)}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onInput={(event) => onChange(event.currentTarget.valueAsNumber)}
      />
      <Hint id={id}>{hint}</Hint>
    </div>
  );
}

/** Something that is on or off. */
export function CheckField({
  label,
  hint,
  checked,
  onChange,
}: Shared & { checked: boolean; onChange: (checked: boolean) => void }) {
  const id = useId();
  return (
    <div class="field">
      <label class="check" for={id}>
        <input
          id={id}
          type="checkbox"
          checked={checked}
          aria-describedby={hint ? `${id}-hint` : undefined}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
        {label}
      </label>
      <Hint id={id}>{hint}</Hint>
    </div>
  );
}

function Hint({ id, children }: { id: string; children: ComponentChildren }) {
  if (!children) return null;
  return (
    <p class="hint" id={`${id}-hint`}>
      {children}
    </p>
  );
}
