import { describe, expect, it } from "vitest";
import { events } from "./events";

async function read(body: string, type = "text/event-stream; charset=utf-8"): Promise<unknown[]> {
  const response = new Response(body, { headers: { "content-type": type } });
  const found: unknown[] = [];
  for await (const event of events(response)) found.push(event);
  return found;
}

describe("a stream of events", () => {
  it("is read up to its end", async () => {
    expect(
      await read('data: {"a": 1}\n\n: rest\n\ndata: 2\n\ndata: [DONE]\n\ndata: 3\n\n'),
    ).toEqual([{ a: 1 }, 2]);
  });

  it("may break off", async () => {
    expect(await read('data: 1\n\ndata: {"half')).toEqual([1]);
  });

  it("is told from a page of a proxy", async () => {
    await expect(read("<h1>Sign in</h1>", "text/html")).rejects.toMatchObject({ kind: "failed" });
  });

  it("is told of in words where it cannot be read", async () => {
    await expect(read("data: {oops\n\n")).rejects.toMatchObject({
      kind: "failed",
      message: "The answer cannot be read: is this a cuebox server?",
    });
  });
});
