/** A label and its calibrated probability. */
export interface LabelScore {
  label: string;
  score: number;
}

/** What one classifier says of one text. */
export interface Classification {
  model: string;
  version: string;
  labels: LabelScore[];
  /** Whether the text belongs to none of the labels; absent where that is not detected. */
  out_of_scope?: boolean;
}

/** One row of the answer of `v1/classify`. */
export interface Row {
  index: number;
  results?: Classification[];
  error?: { message: string; code: string; param: string };
  truncated?: boolean;
}

/** The answer of `v1/classify`. */
export interface Classified {
  data: Row[];
  usage: { rows: number; tokens: number; cached_rows: number };
}

/** What one word did; `start` and `end` in code points. */
export interface WordEffect {
  start: number;
  end: number;
  text: string;
  effect: number;
  log_odds: number;
}

/** Why one classifier gave one label as much as it did. */
export interface Explanation {
  model: string;
  version: string;
  label: string;
  score: number;
  words: WordEffect[];
}

/** The answer of `v1/explain`. */
export interface Explained {
  data: Explanation[];
  truncated: boolean;
  usage: { rows: number; tokens: number };
}
