import { signal } from "@preact/signals";
import type { Node } from "prosemirror-model";
import { Step, type Transform } from "prosemirror-transform";
import { newId } from "../../../storage/id";
import { Journal, localStorageOrNull } from "./journal";
import { schema } from "./schema";
import type { Shelf, StoredDocument } from "./shelf";
import { titleOf } from "./text";

/** Whether all that was typed is on the shelf, is being put there, or cannot be. */
export type Kept = "saved" | "saving" | "failing";

const IDLE_MS = 700;
/* Somebody who never pauses: the journal, which is written anew with each key, must not grow on. */
const LONGEST_MS = 10_000;
const RETRY_MS = 3_000;

/** Keeps one open document: each change in the journal, all of it on the shelf in a pause. */
export class Keeper {
  readonly kept = signal<Kept>("saved");
  /** Characters that were typed, and that were accepted from suggestions. */
  readonly counts = signal({ typed: 0, accepted: 0 });
  readonly id: string;
  doc: Node;
  readonly #shelf: Shelf;
  readonly #journal: Journal;
  #revision: number;
  #saved: number;
  #timer = 0;
  /* Since when something is not on the shelf. */
  #since = 0;
  #saving: Promise<void> | null = null;

  private constructor(shelf: Shelf, stored: StoredDocument, journal: Journal) {
    this.#shelf = shelf;
    this.#journal = journal;
    this.id = stored.id;
    this.#saved = stored.revision;
    this.counts.value = { typed: stored.typed, accepted: stored.accepted };
    const { doc, revision } = restored(stored, journal);
    this.doc = doc;
    this.#revision = revision;
    if (revision > stored.revision) void this.save();
    else journal.settle(revision);
  }

  /** Open a document; undefined when the shelf has none of this name. */
  static async open(shelf: Shelf, id: string): Promise<Keeper | undefined> {
    const stored = await shelf.read(id);
    return stored && new Keeper(shelf, stored, new Journal(id, localStorageOrNull()));
  }

  /** Put a new, empty document on the shelf and open it. */
  static async create(shelf: Shelf, doc: Node = emptyDocument()): Promise<Keeper> {
    const id = newId();
    const stored: StoredDocument = {
      id,
      title: titleOf(doc),
      changed: Date.now(),
      revision: 0,
      doc: doc.toJSON(),
      typed: 0,
      accepted: 0,
    };
    await shelf.write(stored);
    return new Keeper(shelf, stored, new Journal(id, localStorageOrNull()));
  }

  /** Take a change. */
  note(change: Transform): void {
    this.doc = change.doc;
    this.#revision += 1;
    const steps = change.steps.map((step) => step.toJSON());
    const written = this.#journal.add({ revision: this.#revision, steps });
    if (this.kept.peek() === "saved") {
      this.kept.value = "saving";
      this.#since = Date.now();
    }
    const left = this.#since + LONGEST_MS - Date.now();
    this.#later(written ? Math.max(0, Math.min(IDLE_MS, left)) : 0);
  }

  /** Count what became of the text. */
  count(typed: number, accepted: number): void {
    const before = this.counts.peek();
    this.counts.value = { typed: before.typed + typed, accepted: before.accepted + accepted };
  }

  /** Put everything on the shelf now; resolves when it is there, or could not be. */
  save(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#saving ??= this.#writeAll().finally(() => {
      this.#saving = null;
    });
    return this.#saving;
  }

  /* What was typed while it was written is written too: who waits for this lets the document go. */
  async #writeAll(): Promise<void> {
    do {
      if (!(await this.#write())) return this.#later(RETRY_MS);
    } while (this.#revision > this.#saved && !this.#timer);
  }

  /* Whether all of this moment is on the shelf. */
  async #write(): Promise<boolean> {
    this.#since = Date.now();
    const revision = this.#revision;
    const stored: StoredDocument = {
      id: this.id,
      title: titleOf(this.doc),
      changed: Date.now(),
      revision,
      doc: this.doc.toJSON(),
      ...this.counts.peek(),
    };
    try {
      await this.#shelf.write(stored);
    } catch {
      this.kept.value = "failing";
      return false;
    }
    this.#saved = revision;
    this.#journal.settle(revision);
    if (this.#revision === revision) this.kept.value = "saved";
    return true;
  }

  #later(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.save(), ms);
  }
}

/** A document with one empty paragraph. */
export function emptyDocument(): Node {
  return schema.node("doc", null, [schema.node("paragraph")]);
}

/* What is on the shelf, and on it what the journal has beyond. */
function restored(stored: StoredDocument, journal: Journal): { doc: Node; revision: number } {
  let doc = schema.nodeFromJSON(stored.doc);
  let revision = stored.revision;
  for (const entry of journal.read(stored.revision)) {
    try {
      for (const json of entry.steps) {
        const result = Step.fromJSON(schema, json).apply(doc);
        if (!result.doc) return { doc, revision };
        doc = result.doc;
      }
    } catch {
      return { doc, revision };
    }
    revision = entry.revision;
  }
  return { doc, revision };
}
