import { describe, expect, it } from "vitest";
import { canBeKey } from "./key";

describe("a key", () => {
  it("is visible ASCII, however it was copied", () => {
    expect(canBeKey("cb_live-0aZ.~")).toBe(true);
    expect(canBeKey("  cb_live\n")).toBe(true);
  });

  it("is nothing that no header takes", () => {
    expect(canBeKey("")).toBe(false);
    expect(canBeKey("cb live")).toBe(false);
    expect(canBeKey("cb…live")).toBe(false);
    expect(canBeKey("\u200bcb")).toBe(false);
  });
});
