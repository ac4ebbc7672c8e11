/** A place of a drawing, in pixels. */
export interface Frame {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Values that may be missing. */
export type Series = readonly (number | null)[];

/** A round number from which on an axis ends, and the steps to it: 0 to `top`, at most `most`. */
export function ticks(highest: number, most = 4): number[] {
  const top = highest > 0 ? highest : 1;
  const raw = top / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 2.5, 5, 10].find((each) => each * power >= raw * 0.999) ?? 10) * power;
  const found: number[] = [];
  for (let at = 0; found.length < 2 || (found.at(-1) ?? 0) < top * 0.999; at++) {
    found.push(Number((at * step).toPrecision(12)));
  }
  return found;
}

/** The highest of some series; 0 where there is none. */
export function highest(...all: readonly Series[]): number {
  let found = 0;
  for (const series of all) for (const value of series) found = Math.max(found, value ?? 0);
  return found;
}

const STEPS = [
  10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800,
  604_800,
];

/** Round times between two, Unix seconds; local hours where steps are hours. */
export function timeTicks(from: number, to: number, most: number): number[] {
  const span = Math.max(1, to - from);
  const step = STEPS.find((each) => span / each <= most) ?? span / Math.max(1, most);
  const shift = new Date(from * 1000).getTimezoneOffset() * 60;
  const found: number[] = [];
  for (let at = Math.ceil((from - shift) / step) * step + shift; at <= to; at += step) {
    found.push(at);
  }
  return found;
}

/** Where on the axes something is. */
export interface Scale {
  x: (seconds: number) => number;
  y: (value: number) => number;
}

/** Time from `from` to `to` across the frame, 0 to `top` up it. */
export function scale(frame: Frame, from: number, to: number, top: number): Scale {
  const span = Math.max(1e-9, to - from);
  return {
    x: (seconds) => {
      const share = Math.min(1, Math.max(0, (seconds - from) / span));
      return round(frame.left + frame.width * share);
    },
    y: (value) => {
      const share = Math.min(1, Math.max(0, top > 0 ? value / top : 0));
      return round(frame.top + frame.height * (1 - share));
    },
  };
}

/** The middle of each column, Unix seconds. */
export function middles(until: readonly number[], seconds: readonly number[]): number[] {
  return until.map((end, at) => end - (seconds[at] ?? 0) / 2);
}

/** Runs of neighbours that have a value: indices of each. */
export function runs(series: Series): number[][] {
  const found: number[][] = [];
  let run: number[] = [];
  series.forEach((value, at) => {
    if (value !== null) run.push(at);
    else if (run.length > 0) {
      found.push(run);
      run = [];
    }
  });
  if (run.length > 0) found.push(run);
  return found;
}

/** An SVG path through the values; where one is missing it stops. A lone value is a short dash. */
export function linePath(times: readonly number[], series: Series, at: Scale): string {
  return runs(series)
    .map((run) => {
      const points = run.map((index) => `${at.x(times[index] ?? 0)} ${at.y(series[index] ?? 0)}`);
      if (points.length > 1) return `M${points.join("L")}`;
      const [x = 0, y = 0] = (points[0] ?? "").split(" ").map(Number);
      return `M${x - 1.5} ${y}L${x + 1.5} ${y}`;
    })
    .join("");
}

/** The area between the values and the axis. */
export function areaPath(times: readonly number[], series: Series, at: Scale): string {
  return runs(series)
    .filter((run) => run.length > 1)
    .map((run) => {
      const points = run.map((index) => `${at.x(times[index] ?? 0)} ${at.y(series[index] ?? 0)}`);
      const first = at.x(times[run[0] ?? 0] ?? 0);
      const last = at.x(times[run.at(-1) ?? 0] ?? 0);
      return `M${first} ${at.y(0)}L${points.join("L")}L${last} ${at.y(0)}Z`;
    })
    .join("");
}

/** The column nearest to a time; -1 where there is none. */
export function nearest(times: readonly number[], seconds: number): number {
  let found = -1;
  let distance = Number.POSITIVE_INFINITY;
  times.forEach((time, at) => {
    const away = Math.abs(time - seconds);
    if (away < distance) {
      found = at;
      distance = away;
    }
  });
  return found;
}

/** At most `most` indices of a list, evenly spread, the last one among them. */
export function spread(length: number, most: number): number[] {
  if (length <= most) return Array.from({ length }, (_, at) => at);
  return Array.from({ length: most }, (_, at) => Math.round(((at + 1) * length) / most) - 1);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
