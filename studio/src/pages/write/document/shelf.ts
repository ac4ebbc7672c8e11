import { type DBSchema, type IDBPDatabase, openDB } from "idb";

/** What lists show of a document. */
export interface Summary {
  id: string;
  title: string;
  /** Milliseconds since the epoch. */
  changed: number;
}

/** A document as this browser keeps it. */
export interface StoredDocument extends Summary {
  /** Counts its changes; steps of the journal beyond it are newer. */
  revision: number;
  /** As ProseMirror writes it. */
  doc: unknown;
  /** Characters that were typed, and that were accepted from suggestions. */
  typed: number;
  accepted: number;
}

interface Shelves extends DBSchema {
  documents: { key: string; value: StoredDocument };
  summaries: { key: string; value: Summary };
}

/** Where documents are kept. */
export interface Shelf {
  /** Newest change first. */
  list(): Promise<Summary[]>;
  read(id: string): Promise<StoredDocument | undefined>;
  /** Write the document and its line in the list, both or neither. */
  write(document: StoredDocument): Promise<void>;
  remove(id: string): Promise<void>;
}

/* A browser that has not opened its database by then will not, in milliseconds. */
const PATIENCE = 10_000;

/** All documents of this browser, in IndexedDB. */
export class BrowserShelf implements Shelf {
  readonly #database: Promise<IDBPDatabase<Shelves>>;

  constructor(name = "cuebox") {
    this.#database = Promise.race([opened(name), late()]);
    // Every method tells of it; without one asked it is no unhandled rejection.
    this.#database.catch(() => undefined);
  }

  async list(): Promise<Summary[]> {
    const all = await (await this.#database).getAll("summaries");
    return all.sort((a, b) => b.changed - a.changed);
  }

  async read(id: string): Promise<StoredDocument | undefined> {
    return (await this.#database).get("documents", id);
  }

  async write(document: StoredDocument): Promise<void> {
    const { id, title, changed } = document;
    const transaction = (await this.#database).transaction(["documents", "summaries"], "readwrite");
    await Promise.all([
      transaction.objectStore("documents").put(document),
      transaction.objectStore("summaries").put({ id, title, changed }),
      transaction.done,
    ]);
  }

  async remove(id: string): Promise<void> {
    const transaction = (await this.#database).transaction(["documents", "summaries"], "readwrite");
    await Promise.all([
      transaction.objectStore("documents").delete(id),
      transaction.objectStore("summaries").delete(id),
      transaction.done,
    ]);
  }
}

/* Where databases are switched off, some browsers throw at once and others refuse later. */
async function opened(name: string): Promise<IDBPDatabase<Shelves>> {
  return await openDB<Shelves>(name, 1, {
    upgrade(database) {
      database.createObjectStore("documents", { keyPath: "id" });
      database.createObjectStore("summaries", { keyPath: "id" });
    },
  });
}

function late(): Promise<never> {
  return new Promise((_resolve, reject) => {
    setTimeout(() => reject(new Error("The database does not open.")), PATIENCE);
  });
}

/** Documents of a browser that keeps nothing: they last as long as the page. */
export class MemoryShelf implements Shelf {
  readonly #documents = new Map<string, StoredDocument>();

  list(): Promise<Summary[]> {
    const all = [...this.#documents.values()];
    return Promise.resolve(all.sort((a, b) => b.changed - a.changed));
  }

  read(id: string): Promise<StoredDocument | undefined> {
    return Promise.resolve(this.#documents.get(id));
  }

  write(document: StoredDocument): Promise<void> {
    this.#documents.set(document.id, document);
    return Promise.resolve();
  }

  remove(id: string): Promise<void> {
    this.#documents.delete(id);
    return Promise.resolve();
  }
}
