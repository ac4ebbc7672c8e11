import { signal } from "@preact/signals";
import type { Node } from "prosemirror-model";
import { anyText, setting } from "../../../storage/setting";
import { claim } from "./claim";
import { Keeper } from "./keeper";
import { BrowserShelf, MemoryShelf, type Shelf, type Summary } from "./shelf";

/** Which document was open last. */
const last = setting<string>("write.document", "", anyText);

/** The documents of this browser, and the one that is open. */
export class Desk {
  readonly documents = signal<Summary[]>([]);
  /** Null while a document is opened, or held by another tab. */
  readonly open = signal<Keeper | null>(null);
  /** Whether another tab holds the document. */
  readonly elsewhere = signal(false);
  /** Whether the document is there but cannot be read. */
  readonly unreadable = signal(false);
  /** Whether the browser keeps nothing. */
  readonly forgetful = signal(false);
  #shelf: Shelf = new BrowserShelf();
  #release: () => void = () => undefined;
  #wanted = "";
  #closed = false;

  /** Open what was open last, else the newest, else a new document. */
  async start(): Promise<void> {
    await this.#list();
    const known = this.documents.peek();
    const id = known.find((each) => each.id === last.peek())?.id ?? known[0]?.id;
    if (id) this.choose(id);
    else await this.add();
  }

  /** Open a document. */
  choose(id: string): void {
    // Nobody is there any more, who would let it go again.
    if (this.#wanted === id || this.#closed) return;
    this.leave();
    this.#wanted = id;
    last.value = id;
    this.#release = claim(
      id,
      () => void this.#opened(id),
      () => {
        this.elsewhere.value = true;
      },
    );
  }

  /** Make a new document and open it. */
  async add(doc?: Node): Promise<void> {
    let made: Keeper;
    try {
      made = await Keeper.create(this.#shelf, doc);
    } catch {
      // Full, or taken away: one can write all the same.
      this.#forget();
      made = await Keeper.create(this.#shelf, doc);
    }
    await this.#list();
    this.choose(made.id);
  }

  /** Throw a document away for good. */
  async remove(id: string): Promise<void> {
    if (this.#wanted === id) this.leave();
    await this.#shelf.remove(id);
    await this.#list();
    if (!this.#wanted) await this.start();
  }

  /** Look at the list again, for titles that changed. */
  async refresh(): Promise<void> {
    await this.open.peek()?.save();
    await this.#list();
  }

  /** Close what is open, and open nothing more. */
  close(): void {
    this.#closed = true;
    this.leave();
  }

  /** Close what is open; all of it is kept. */
  leave(): void {
    const release = this.#release;
    this.#release = () => undefined;
    this.#wanted = "";
    this.elsewhere.value = false;
    this.unreadable.value = false;
    const keeper = this.open.peek();
    this.open.value = null;
    void (keeper?.save() ?? Promise.resolve()).finally(release);
  }

  async #opened(id: string): Promise<void> {
    let keeper: Keeper | undefined;
    try {
      keeper = await Keeper.open(this.#shelf, id);
    } catch {
      this.unreadable.value = true;
      return;
    }
    if (this.#wanted !== id) return;
    this.elsewhere.value = false;
    // Another tab may have thrown it away meanwhile.
    if (keeper) this.open.value = keeper;
    else await this.remove(id);
  }

  async #list(): Promise<void> {
    try {
      this.documents.value = await this.#shelf.list();
    } catch {
      this.#forget();
    }
  }

  #forget(): void {
    this.forgetful.value = true;
    this.#shelf = new MemoryShelf();
  }
}
