/** One change of a document: its steps as ProseMirror writes them. */
export interface Entry {
  revision: number;
  steps: unknown[];
}

/* A change larger than this is saved whole at once instead: local storage is small and slow. */
const LARGEST = 64_000;

/**
 * Changes of one document that are not yet saved, written the moment they are made.
 *
 * Saving a long document takes time and waits until the person pauses; what was typed meanwhile
 * must outlive a crash of the browser. Local storage is written within the keystroke, a few bytes
 * each time.
 */
export class Journal {
  readonly #place: string;
  readonly #storage: Storage | null;
  #lines: { revision: number; text: string }[] = [];

  constructor(id: string, storage: Storage | null) {
    this.#place = `cuebox.journal.${id}`;
    this.#storage = storage;
  }

  /** What was written beyond revision `after`, in order and without gaps; it stays written. */
  read(after: number): Entry[] {
    const newer = this.#parse().filter((entry) => entry.revision > after);
    const entries = newer.filter((entry, index) => entry.revision === after + 1 + index);
    this.#lines = entries.map((entry) => ({
      revision: entry.revision,
      text: JSON.stringify(entry),
    }));
    return entries;
  }

  /** Write a change down. False when it cannot be: then save the document at once. */
  add(entry: Entry): boolean {
    const text = JSON.stringify(entry);
    if (text.length > LARGEST || !this.#storage) return false;
    this.#lines.push({ revision: entry.revision, text });
    return this.#write();
  }

  /** Everything up to this revision is saved. */
  settle(revision: number): void {
    this.#lines = this.#lines.filter((line) => line.revision > revision);
    this.#write();
  }

  #write(): boolean {
    try {
      if (this.#lines.length === 0) this.#storage?.removeItem(this.#place);
      else this.#storage?.setItem(this.#place, `[${this.#lines.map((l) => l.text).join(",")}]`);
      return true;
    } catch {
      return false;
    }
  }

  #parse(): Entry[] {
    try {
      const found: unknown = JSON.parse(this.#storage?.getItem(this.#place) ?? "[]");
      return Array.isArray(found) ? found.filter(isEntry) : [];
    } catch {
      return [];
    }
  }
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== "object" || value === null) return false;
  const { revision, steps } = value as Partial<Entry>;
  return typeof revision === "number" && Array.isArray(steps);
}

/** This browser's local storage; null where it may not be used. */
export function localStorageOrNull(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}
