import type { Addition, Change, Queue } from "./edits";
import { keyOf } from "./edits";
import type { Step } from "./undo";

/*
 * Edits that are not on the server yet, in this browser. Each has a place of its own, so that two
 * tabs never write over one another: whoever sends an edit takes only that one away.
 */

const ROOT = "cuebox.answers";

/** The storage of the browser, as far as it is needed; tests bring their own. */
export type Store = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

/** What this browser keeps of one list. */
export class Kept {
  /** Whether the last writing failed: storage is full or off. */
  failed = false;
  readonly #store: Store | null;
  readonly #place: string;

  constructor(list: string, store: Store | null) {
    this.#store = store;
    this.#place = `${ROOT}/${list}/`;
  }

  /** All edits that are kept, also those of other tabs and earlier sessions. */
  queue(): Queue {
    const changes = new Map<string, Change>();
    const additions = new Map<string, Addition>();
    for (const [name, value] of this.#all()) {
      if (name.startsWith("change/") && isChange(value)) {
        changes.set(keyOf(value.id, value.field), value);
      } else if (name.startsWith("add/") && isAddition(value)) additions.set(value.id, value);
    }
    return { changes, additions };
  }

  /** Write what differs between two queues. */
  write(before: Queue, after: Queue): void {
    this.#writeMap("change/", before.changes, after.changes);
    this.#writeMap("add/", before.additions, after.additions);
  }

  steps(): Step[] {
    const value = this.#read("undo");
    return Array.isArray(value) ? value.filter(isStep) : [];
  }

  writeSteps(steps: readonly Step[]): void {
    this.#set("undo", steps);
  }

  /** Something that is being typed and is no edit yet. */
  draft(name: string): string {
    const value = this.#read(`draft/${name}`);
    return typeof value === "string" ? value : "";
  }

  writeDraft(name: string, text: string): void {
    this.#set(`draft/${name}`, text || undefined);
  }

  /** Whether a storage event is about an edit of this list. */
  isAbout(key: string | null): boolean {
    return key === null || (key.startsWith(this.#place) && /\/(change|add)\//.test(key));
  }

  #writeMap<T>(kind: string, before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>): void {
    for (const key of before.keys()) if (!after.has(key)) this.#set(kind + key, undefined);
    for (const [key, value] of after) if (before.get(key) !== value) this.#set(kind + key, value);
  }

  #all(): [string, unknown][] {
    const found: [string, unknown][] = [];
    for (let place = 0; place < (this.#store?.length ?? 0); place++) {
      const key = this.#store?.key(place);
      if (!key?.startsWith(this.#place)) continue;
      const name = key.slice(this.#place.length);
      found.push([name, this.#read(name)]);
    }
    return found;
  }

  #read(name: string): unknown {
    try {
      return JSON.parse(this.#store?.getItem(this.#place + name) ?? "null");
    } catch {
      return null;
    }
  }

  #set(name: string, value: unknown): void {
    try {
      if (!this.#store) throw new Error("storage is off");
      if (value === undefined) this.#store.removeItem(this.#place + name);
      else this.#store.setItem(this.#place + name, JSON.stringify(value));
      this.failed = false;
    } catch {
      this.failed = true;
    }
  }
}

/** The browser's storage; null where it is off. */
export function browserStore(): Store | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

const FIELDS = ["status", "text", "tags", "note", "merged_into"];

function isChange(value: unknown): value is Change {
  if (!isRecord(value)) return false;
  const { id, field, was, to } = value;
  return (
    typeof id === "string" &&
    FIELDS.includes(String(field)) &&
    isValue(was, field === "tags") &&
    isValue(to, field === "tags")
  );
}

function isAddition(value: unknown): value is Addition {
  return isRecord(value) && typeof value["id"] === "string" && typeof value["text"] === "string";
}

function isStep(value: unknown): value is Step {
  if (!isRecord(value) || typeof value["what"] !== "string") return false;
  const { turned } = value;
  return (
    Array.isArray(turned) &&
    turned.every((each) => isRecord(each) && isChange({ ...each, was: each["from"] }))
  );
}

function isValue(value: unknown, list: boolean): boolean {
  if (!list) return typeof value === "string";
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
