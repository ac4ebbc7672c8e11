import { Transform } from "prosemirror-transform";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Keeper } from "./keeper";
import { schema } from "./schema";
import { MemoryShelf, type StoredDocument } from "./shelf";
import { plainText } from "./text";

/** A shelf on which putting something takes as long as the test says. */
class SlowShelf extends MemoryShelf {
  readonly texts: string[] = [];
  go: () => void = () => undefined;
  slow = false;

  override async write(document: StoredDocument): Promise<void> {
    if (this.slow) {
      await new Promise<void>((resolve) => {
        this.go = resolve;
      });
    }
    await super.write(document);
    this.texts.push(plainText(schema.nodeFromJSON(document.doc)));
  }
}

function type(keeper: Keeper, text: string): void {
  const end = keeper.doc.content.size - 1;
  keeper.note(new Transform(keeper.doc).insert(end, schema.text(text)));
}

describe("a keeper", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("has everything on the shelf when a save ends that was asked for during another", async () => {
    const shelf = new SlowShelf();
    const keeper = await Keeper.create(shelf);
    shelf.slow = true;
    type(keeper, "One");
    void keeper.save();
    await Promise.resolve();
    type(keeper, ", two");
    const left = keeper.save();
    const first = shelf.go;
    first();
    await vi.waitUntil(() => shelf.go !== first);
    shelf.go();
    await left;
    expect(shelf.texts).toEqual(["", "One", "One, two"]);
    expect(keeper.kept.value).toBe("saved");
  });

  it("tries again what could not be kept", async () => {
    const shelf = new SlowShelf();
    const keeper = await Keeper.create(shelf);
    const broken = vi.spyOn(shelf, "write").mockRejectedValue(new Error("full"));
    type(keeper, "One");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(keeper.kept.value).toBe("failing");
    broken.mockRestore();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(keeper.kept.value).toBe("saved");
    expect(shelf.texts).toEqual(["", "One"]);
  });
});
