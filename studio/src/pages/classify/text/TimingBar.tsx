import type { Found } from "./live";
import { MEANINGS, milliseconds, PARTS, split } from "./phases";

/** Where the time of the newest answer went: one bar, and a legend with numbers. */
export function TimingBar({ found }: { found: Found }) {
  const parts = split(found.phases, found.ms);
  const sum = PARTS.reduce((total, part) => total + parts[part], 0);
  const shown = PARTS.filter((part) => parts[part] >= 0.005);
  return (
    <section class="classify-timing" aria-label="Time of the answer">
      <h2>
        Answered in <span class="numbers">{milliseconds(found.ms)}</span>{" "}
        <span class="quiet small">
          {found.cached ? "the encoder knew the text" : `${found.tokens} tokens read`}
        </span>
      </h2>
      <div class="classify-timing-bar" aria-hidden="true">
        {shown.map((part) => (
          <span
            key={part}
            class={`part-${part}`}
            style={{ width: `${(100 * parts[part]) / Math.max(sum, 0.001)}%` }}
          />
        ))}
      </div>
      <ul>
        {shown.map((part) => (
          <li key={part} title={MEANINGS[part]}>
            <span class={`swatch part-${part}`} aria-hidden="true" />
            {part} <span class="numbers quiet">{milliseconds(parts[part])}</span>
            <span class="hidden">: {MEANINGS[part]}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
