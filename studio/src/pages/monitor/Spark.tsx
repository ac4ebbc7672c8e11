import { areaPath, highest, linePath, type Series, scale } from "./plot";

const FRAME = { left: 1, top: 2, width: 118, height: 20 };

/** A small line beside a number that says the same; for the eye only. */
export function Spark({ times, values }: { times: readonly number[]; values: Series }) {
  const top = highest(values);
  const place = scale(FRAME, times[0] ?? 0, times.at(-1) ?? 1, top);
  return (
    <svg class="monitor-spark" width="120" height="24" viewBox="0 0 120 24" aria-hidden="true">
      {top > 0 ? (
        <g class="monitor-line one">
          <path class="area" d={areaPath(times, values, place)} />
          <path d={linePath(times, values, place)} />
        </g>
      ) : (
        <line class="monitor-grid" x1="1" x2="119" y1="21.5" y2="21.5" />
      )}
    </svg>
  );
}
