import { expect, test } from "vitest";
import { keyOf, NOTHING, withAddition, withChange } from "./edits";
import { Kept, type Store } from "./kept";
import { filled } from "./types";

const HELLO = filled({ id: "a", text: "Hello" });
const ACCEPT = withChange(NOTHING, HELLO, "a", "status", "accepted");

class Memory implements Store {
  readonly #all = new Map<string, string>();
  full = false;

  get length() {
    return this.#all.size;
  }
  key(place: number) {
    return [...this.#all.keys()][place] ?? null;
  }
  getItem(name: string) {
    return this.#all.get(name) ?? null;
  }
  setItem(name: string, value: string) {
    if (this.full) throw new DOMException("full", "QuotaExceededError");
    this.#all.set(name, value);
  }
  removeItem(name: string) {
    this.#all.delete(name);
  }
}

test("edits survive the tab, each list's for itself", () => {
  const store = new Memory();
  const queue = withAddition(ACCEPT, { id: "own-1", text: "Sure" });
  new Kept("star", store).write(NOTHING, queue);
  expect(new Kept("star", store).queue()).toEqual(queue);
  expect(new Kept("sta", store).queue()).toEqual(NOTHING);
});

test("two tabs do not write over one another", () => {
  const store = new Memory();
  const [one, two] = [new Kept("star", store), new Kept("star", store)];
  const note = withChange(NOTHING, HELLO, "a", "note", "x");
  one.write(NOTHING, ACCEPT);
  two.write(NOTHING, note);
  one.write(ACCEPT, NOTHING);
  expect([...two.queue().changes.keys()]).toEqual([keyOf("a", "note")]);
});

test("what cannot be understood is passed over", () => {
  const store = new Memory();
  const place = "cuebox.answers/star/";
  store.setItem(`${place}change/x`, "{");
  store.setItem(`${place}change/y`, JSON.stringify({ id: "a", field: "count", was: 1, to: 2 }));
  store.setItem(`${place}change/z`, JSON.stringify({ id: "a", field: "tags", was: "x", to: [] }));
  store.setItem(`${place}add/q`, JSON.stringify({ id: 7 }));
  store.setItem(`${place}undo`, JSON.stringify([{ what: "x", turned: [{ id: 1 }] }, null]));
  const kept = new Kept("star", store);
  expect(kept.queue()).toEqual(NOTHING);
  expect(kept.steps()).toEqual([]);
});

test("steps and drafts come back", () => {
  const store = new Memory();
  const step = {
    what: "tagged",
    turned: [{ id: "a", field: "tags" as const, from: [], to: ["x"] }],
  };
  new Kept("star", store).writeSteps([step]);
  expect(new Kept("star", store).steps()).toEqual([step]);
  new Kept("star", store).writeDraft("add", "half a sen");
  expect(new Kept("star", store).draft("add")).toBe("half a sen");
  new Kept("star", store).writeDraft("add", "");
  expect(store.length).toBe(1);
});

test("a full storage, or none, is told and breaks nothing", () => {
  const store = new Memory();
  store.full = true;
  const kept = new Kept("star", store);
  kept.write(NOTHING, ACCEPT);
  expect(kept.failed).toBe(true);
  store.full = false;
  kept.write(NOTHING, ACCEPT);
  expect(kept.failed).toBe(false);
  const none = new Kept("star", null);
  none.write(NOTHING, ACCEPT);
  expect(none.failed).toBe(true);
  expect(none.queue()).toEqual(NOTHING);
});

test("only edits of this list are news from another tab", () => {
  const kept = new Kept("star", new Memory());
  expect(kept.isAbout("cuebox.answers/star/change/status/a")).toBe(true);
  expect(kept.isAbout("cuebox.answers/star/undo")).toBe(false);
  expect(kept.isAbout("cuebox.answers/star-full/change/status/a")).toBe(false);
  expect(kept.isAbout(null)).toBe(true);
});
