import { expect, test } from "vitest";
import { Journal } from "./journal";

class FakeStorage {
  readonly items = new Map<string, string>();
  full = false;
  getItem = (key: string) => this.items.get(key) ?? null;
  removeItem = (key: string) => void this.items.delete(key);
  setItem = (key: string, value: string) => {
    if (this.full) throw new DOMException("full", "QuotaExceededError");
    this.items.set(key, value);
  };
}

const storageOf = (fake: FakeStorage) => fake as unknown as Storage;

test("what was added is there for the next one who reads", () => {
  const storage = storageOf(new FakeStorage());
  const journal = new Journal("a", storage);
  expect(journal.add({ revision: 4, steps: ["x"] })).toBe(true);
  expect(journal.add({ revision: 5, steps: ["y", "z"] })).toBe(true);
  expect(new Journal("a", storage).read(3)).toEqual([
    { revision: 4, steps: ["x"] },
    { revision: 5, steps: ["y", "z"] },
  ]);
  expect(new Journal("a", storage).read(4)).toEqual([{ revision: 5, steps: ["y", "z"] }]);
  expect(new Journal("b", storage).read(0)).toEqual([]);
});

test("what is settled is gone, and nothing is left when all is", () => {
  const fake = new FakeStorage();
  const journal = new Journal("a", storageOf(fake));
  journal.add({ revision: 1, steps: [1] });
  journal.add({ revision: 2, steps: [2] });
  journal.settle(1);
  expect(new Journal("a", storageOf(fake)).read(1)).toEqual([{ revision: 2, steps: [2] }]);
  journal.settle(2);
  expect(fake.items.size).toBe(0);
});

test("what was read stays until it is settled", () => {
  const storage = storageOf(new FakeStorage());
  new Journal("a", storage).add({ revision: 1, steps: [1] });
  const later = new Journal("a", storage);
  later.read(0);
  later.add({ revision: 2, steps: [2] });
  expect(new Journal("a", storage).read(0).map((entry) => entry.revision)).toEqual([1, 2]);
});

test("nothing is read beyond a gap", () => {
  const storage = storageOf(new FakeStorage());
  const journal = new Journal("a", storage);
  journal.add({ revision: 2, steps: [] });
  journal.add({ revision: 4, steps: [] });
  expect(new Journal("a", storage).read(1).map((entry) => entry.revision)).toEqual([2]);
  expect(new Journal("a", storage).read(0)).toEqual([]);
});

test("it says when it cannot write", () => {
  const fake = new FakeStorage();
  const journal = new Journal("a", storageOf(fake));
  expect(journal.add({ revision: 1, steps: ["x".repeat(100_000)] })).toBe(false);
  fake.full = true;
  expect(journal.add({ revision: 2, steps: [] })).toBe(false);
  expect(new Journal("a", null).add({ revision: 1, steps: [] })).toBe(false);
});

test.each(["no JSON", "{}", '[{"revision":"1"}]', "[null]"])("%j is no journal", (found) => {
  const fake = new FakeStorage();
  fake.items.set("cuebox.journal.a", found);
  expect(new Journal("a", storageOf(fake)).read(0)).toEqual([]);
});
