import { useEffect, useId, useRef, useState } from "preact/hooks";
import { clock } from "./figures";
import {
  areaPath,
  type Frame,
  highest,
  linePath,
  nearest,
  type Series,
  scale,
  spread,
  ticks,
  timeTicks,
} from "./plot";

/** A line of a plot. */
export interface Line {
  name: string;
  /** Of the colours in the style sheet: `one`, `two`, `three`, `warn` or `bad`. */
  colour: string;
  values: Series;
  /** Filled down to the axis. */
  area?: boolean;
  dashed?: boolean;
}

const HEIGHT = 168;
const ROWS = 12;

/** Lines over time, with a reading at the pointer or the arrow keys, and a table of the same. */
export function Plot({
  title,
  summary,
  times,
  from,
  to,
  lines,
  show,
  top,
}: {
  title: string;
  /** The whole in a sentence, for those who do not see it. */
  summary: string;
  /** The middle of each column, Unix seconds. */
  times: readonly number[];
  from: number;
  to: number;
  lines: readonly Line[];
  show: (value: number | null) => string;
  /** Where the axis ends; else above the highest value. */
  top?: number;
}) {
  const [box, width] = useWidth();
  const [at, setAt] = useState<number | null>(null);
  const steps = ticks(top ?? highest(...lines.map((line) => line.values)), 3);
  const labels = steps.map((step) => show(step));
  const left = 12 + 7 * Math.max(...labels.map((label) => label.length));
  const frame: Frame = {
    left,
    top: 10,
    width: Math.max(20, width - left - 8),
    height: HEIGHT - 36,
  };
  const place = scale(frame, from, to, steps.at(-1) ?? 1);
  const hours = timeTicks(from, to, Math.max(2, Math.floor(frame.width / 70)));
  const chosen = at === null ? null : Math.min(at, times.length - 1);

  const point = (event: PointerEvent) => {
    const edge = (event.currentTarget as Element).getBoundingClientRect().left;
    const share = (event.clientX - edge - frame.left) / frame.width;
    const found = nearest(times, from + share * (to - from));
    setAt(found < 0 ? null : found);
  };
  const press = (event: KeyboardEvent) => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") setAt(null);
    if (move === undefined || times.length === 0) return;
    event.preventDefault();
    const before = chosen ?? (move < 0 ? times.length : -1);
    setAt(Math.min(times.length - 1, Math.max(0, before + move)));
  };

  return (
    <div class="monitor-plot">
      <Legend lines={lines} at={chosen} times={times} show={show} />
      {/* A slider through time: that is what the arrow keys do here. */}
      <div
        ref={box}
        class="monitor-canvas"
        role="slider"
        tabIndex={0}
        aria-label={`${title}, through time`}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, times.length - 1)}
        aria-valuenow={chosen ?? Math.max(0, times.length - 1)}
        aria-valuetext={chosen === null ? summary : reading(lines, chosen, times, show)}
        onPointerMove={point}
        onPointerLeave={() => setAt(null)}
        onKeyDown={press}
        onBlur={() => setAt(null)}
      >
        <svg width={width} height={HEIGHT} aria-hidden="true">
          {steps.map((step, index) => (
            <g key={step}>
              <line
                class="monitor-grid"
                x1={frame.left}
                x2={frame.left + frame.width}
                y1={place.y(step)}
                y2={place.y(step)}
              />
              <text class="monitor-tick" x={frame.left - 6} y={place.y(step) + 4} text-anchor="end">
                {labels[index]}
              </text>
            </g>
          ))}
          {hours.map((hour) => (
            <text
              key={hour}
              class="monitor-tick"
              x={Math.min(frame.left + frame.width - 18, Math.max(frame.left + 18, place.x(hour)))}
              y={HEIGHT - 8}
              text-anchor="middle"
            >
              {clock(hour, to - from < 300)}
            </text>
          ))}
          {lines.filter(isSeen).map((line) => (
            <g key={line.name} class={`monitor-line ${line.colour}`}>
              {line.area && <path class="area" d={areaPath(times, line.values, place)} />}
              <path class={line.dashed ? "dashed" : ""} d={linePath(times, line.values, place)} />
            </g>
          ))}
          {chosen !== null && (
            <g>
              <line
                class="monitor-cross"
                x1={place.x(times[chosen] ?? 0)}
                x2={place.x(times[chosen] ?? 0)}
                y1={frame.top}
                y2={frame.top + frame.height}
              />
              {lines.map((line) => {
                const value = line.values[chosen] ?? null;
                return value === null ? null : (
                  <circle
                    key={line.name}
                    class={`monitor-dot ${line.colour}`}
                    cx={place.x(times[chosen] ?? 0)}
                    cy={place.y(value)}
                    r="3"
                  />
                );
              })}
            </g>
          )}
        </svg>
      </div>
      <Table title={title} times={times} lines={lines} show={show} />
    </div>
  );
}

/* A line that never leaves the axis would only colour it. */
function isSeen(line: Line, at: number): boolean {
  return at === 0 || highest(line.values) > 0;
}

function Legend({
  lines,
  at,
  times,
  show,
}: {
  lines: readonly Line[];
  at: number | null;
  times: readonly number[];
  show: (value: number | null) => string;
}) {
  return (
    <p class="monitor-legend" aria-hidden="true">
      {lines.map((line) => (
        <span key={line.name}>
          <i class={`monitor-key ${line.colour}`} />
          {line.name}
          {at !== null && <b> {show(line.values[at] ?? null)}</b>}
        </span>
      ))}
      {at !== null && <span class="monitor-when">{clock(times[at] ?? 0, true)}</span>}
    </p>
  );
}

function reading(
  lines: readonly Line[],
  at: number,
  times: readonly number[],
  show: (value: number | null) => string,
): string {
  const values = lines.map((line) => `${line.name} ${show(line.values[at] ?? null)}`);
  return `${clock(times[at] ?? 0, true)}: ${values.join(", ")}`;
}

function Table({
  title,
  times,
  lines,
  show,
}: {
  title: string;
  times: readonly number[];
  lines: readonly Line[];
  show: (value: number | null) => string;
}) {
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <details class="monitor-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        As a table<span class="hidden">: {title}</span>
      </summary>
      {open && (
        <table aria-labelledby={id}>
          <caption id={id} class="hidden">
            {title}
          </caption>
          <thead>
            <tr>
              <th scope="col">Time</th>
              {lines.map((line) => (
                <th key={line.name} scope="col">
                  {line.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {spread(times.length, ROWS).map((at) => (
              <tr key={at}>
                <th scope="row">{clock(times[at] ?? 0, true)}</th>
                {lines.map((line) => (
                  <td key={line.name}>{show(line.values[at] ?? null)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </details>
  );
}

/** The width that the drawing has, followed as it changes. */
function useWidth() {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(320);
  useEffect(() => {
    const shown = box.current;
    if (!shown) return;
    const observer = new ResizeObserver(() => setWidth(shown.clientWidth || 320));
    observer.observe(shown);
    setWidth(shown.clientWidth || 320);
    return () => observer.disconnect();
  }, []);
  return [box, width] as const;
}
