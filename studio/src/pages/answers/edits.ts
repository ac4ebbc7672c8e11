import { type Answer, type Field, filled, type Value } from "./types";

/*
 * Edits that the server does not have yet. There is at most one for each field of an answer: what
 * the person wants, and what they saw when they wanted it. The server changes a field only if it
 * is still what was seen, so edits may be sent again, from two tabs, or a week later.
 */

/** One field of one answer. */
export interface Change {
  id: string;
  field: Field;
  /** What the server had when the person decided. */
  was: Value;
  to: Value;
  /** What was sent and never answered: the server may have it. */
  tried?: readonly Value[];
}

/** An answer that the person wrote. */
export interface Addition {
  id: string;
  text: string;
}

/** All that is still to be sent. */
export interface Queue {
  changes: ReadonlyMap<string, Change>;
  additions: ReadonlyMap<string, Addition>;
}

/** A change that someone else was quicker with; `now` is null where the answer is gone. */
export interface Conflict {
  change: Change;
  now: Value | null;
}

/** A batch as the server takes it. */
export interface Batch {
  edits: { id: string; set: Record<string, Value>; was: Record<string, Value> }[];
  add: Addition[];
}

const TRIED = 8;

export const NOTHING: Queue = { changes: new Map(), additions: new Map() };

/** Name of a change in the queue. */
export function keyOf(id: string, field: Field): string {
  return `${field}/${id}`;
}

export function same(one: Value, other: Value): boolean {
  if (typeof one === "string" || typeof other === "string") return one === other;
  return one.length === other.length && one.every((tag, place) => tag === other[place]);
}

export function sizeOf(queue: Queue): number {
  return queue.changes.size + queue.additions.size;
}

/**
 * The queue with one more wish; wishing for what the server has takes the change away, unless the
 * server may have another by now.
 */
export function withChange(
  queue: Queue,
  known: Answer | undefined,
  id: string,
  field: Field,
  to: Value,
): Queue {
  const changes = new Map(queue.changes);
  const key = keyOf(id, field);
  const now = known ?? added(queue.additions.get(id));
  if (!now) return queue;
  const before = changes.get(key);
  const was = before?.was ?? now[field];
  if (same(was, to) && !before?.tried) changes.delete(key);
  else changes.set(key, { ...before, id, field, was, to });
  return { ...queue, changes };
}

export function withAddition(queue: Queue, addition: Addition): Queue {
  return { ...queue, additions: new Map(queue.additions).set(addition.id, addition) };
}

export function without(queue: Queue, keys: Iterable<string>): Queue {
  const changes = new Map(queue.changes);
  for (const key of keys) changes.delete(key);
  return { ...queue, changes };
}

/** The list as the person sees it: what the server has, with their edits on top. */
export function overlay(answers: readonly Answer[], queue: Queue): readonly Answer[] {
  if (!sizeOf(queue)) return answers;
  const known = new Set(answers.map((answer) => answer.id));
  const all = [...answers];
  for (const addition of queue.additions.values()) {
    const answer = added(addition);
    if (answer && !known.has(addition.id)) all.push(answer);
  }
  const edited = new Map<string, Partial<Answer>>();
  for (const { id, field, to } of queue.changes.values()) {
    edited.set(id, { ...edited.get(id), [field]: to });
  }
  return all.map((answer) => {
    const changes = edited.get(answer.id);
    return changes ? { ...answer, ...changes } : answer;
  });
}

/** The queue without what the server has already, whoever sent it. */
export function settled(queue: Queue, known: ReadonlyMap<string, Answer>): Queue {
  const changes = new Map<string, Change>();
  for (const [key, change] of queue.changes) {
    const now = known.get(change.id)?.[change.field];
    if (now === undefined) changes.set(key, change);
    else if (!same(now, change.to)) changes.set(key, onTopOf(now, change));
  }
  const additions = new Map([...queue.additions].filter(([id]) => !known.has(id)));
  return { changes, additions };
}

/* What this person sent before is no surprise to them. */
function onTopOf(now: Value, change: Change): Change {
  if (!change.tried?.some((value) => same(value, now))) return change;
  const { tried: _, ...rest } = change;
  return { ...rest, was: now };
}

/** The queue while a batch is on its way. */
export function whileSending(queue: Queue, sent: readonly Change[]): Queue {
  const changes = new Map(queue.changes);
  for (const change of sent) {
    const tried = (change.tried ?? []).filter((value) => !same(value, change.to));
    changes.set(keyOf(change.id, change.field), {
      ...change,
      tried: [...tried, change.to].slice(-TRIED),
    });
  }
  return { ...queue, changes };
}

/** Changes of fields that someone else has changed to something else. */
export function conflictsOf(queue: Queue, known: ReadonlyMap<string, Answer>): Conflict[] {
  const found: Conflict[] = [];
  for (const change of queue.changes.values()) {
    if (queue.additions.has(change.id)) continue;
    const now = known.get(change.id)?.[change.field] ?? null;
    if (now === null || !(same(now, change.was) || same(now, change.to))) {
      found.push({ change, now });
    }
  }
  return found;
}

/** The person saw what is there now, and wants theirs all the same. */
export function insisted(queue: Queue, { change, now }: Conflict): Queue {
  if (now === null) return queue;
  const key = keyOf(change.id, change.field);
  return { ...queue, changes: new Map(queue.changes).set(key, { ...change, was: now }) };
}

/** What to send next: at most `limit` changes, those in `held` not among them. */
export function nextBatch(
  queue: Queue,
  held: ReadonlySet<string>,
  limit: number,
): { batch: Batch; sent: Change[]; added: Addition[] } | null {
  const sent = [...queue.changes]
    .filter(([key]) => !held.has(key))
    .slice(0, limit)
    .map(([, change]) => change);
  const add = [...queue.additions.values()].filter(({ id }) => !held.has(id)).slice(0, limit);
  if (!sent.length && !add.length) return null;
  const edits = sent.map(({ id, field, was, to }) => ({
    id,
    set: { [field]: to },
    was: { [field]: was },
  }));
  return { batch: { edits, add }, sent, added: add };
}

/** The queue once the server has a batch; what was changed meanwhile goes on from there. */
export function afterSending(
  queue: Queue,
  sent: readonly Change[],
  sentAdditions: readonly Addition[],
): Queue {
  const changes = new Map(queue.changes);
  for (const { id, field, to } of sent) {
    const key = keyOf(id, field);
    const wanted = changes.get(key);
    if (!wanted) continue;
    if (same(wanted.to, to)) changes.delete(key);
    else changes.set(key, { id, field, was: to, to: wanted.to });
  }
  const additions = new Map(queue.additions);
  for (const { id } of sentAdditions) additions.delete(id);
  return { changes, additions };
}

/** Which of the changes sent an error's `param` is about, such as `edits[3].set.text`. */
export function faultIn(
  param: string | null,
  sent: readonly Change[],
  sentAdditions: readonly Addition[],
): string | null {
  const [, kind, place] = /^(edits|add)\[(\d+)\]/.exec(param ?? "") ?? [];
  if (kind === "add") return sentAdditions[Number(place)]?.id ?? null;
  const change = kind ? sent[Number(place)] : undefined;
  return change ? keyOf(change.id, change.field) : null;
}

function added(addition: Addition | undefined): Answer | undefined {
  return addition && filled({ ...addition, status: "accepted" });
}
