/** What a person decided about an answer. */
export type Status = "proposed" | "accepted" | "rejected";

/** The fields of an answer that a reviewer may change. */
export interface Fields {
  status: Status;
  text: string;
  tags: readonly string[];
  note: string;
  /** Id of the answer that this one is another wording of; empty for none. */
  merged_into: string;
}

export type Field = keyof Fields;
export type Value = Fields[Field];

/** One answer of a list. */
export interface Answer extends Fields {
  id: string;
  /** How many past turns said this, those of answers merged into it not counted. */
  count: number;
  share: number;
  said: string;
  examples: readonly string[];
  flags: readonly string[];
}

/** An answer as the server sends it: what is empty is left out. */
export type SentAnswer = Pick<Answer, "id" | "text"> & Partial<Answer>;

/** A list and how far its review is. */
export interface ListInfo {
  name: string;
  changed: string;
  answers: number;
  counts: Record<string, number>;
  /** Why its file cannot be read; empty when it can. */
  problem: string;
}

/** A whole list as the server sends it. */
export interface SentList {
  name: string;
  revision: string;
  changed: string;
  answers: SentAnswer[];
}

/** What the server says of a batch of edits. */
export interface SentEdits {
  before: string;
  revision: string;
  changed: string;
  answers: SentAnswer[];
}

/** An answer with all its fields. */
export function filled(sent: SentAnswer): Answer {
  return {
    status: "proposed",
    tags: [],
    count: 0,
    share: 0,
    said: "",
    examples: [],
    flags: [],
    note: "",
    merged_into: "",
    ...sent,
  };
}

/** Whether a person has decided what becomes of it. */
export function isReviewed(answer: Answer): boolean {
  return answer.status !== "proposed" || answer.merged_into !== "";
}
