import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Batch } from "./edits";
import { Review } from "./review";
import type { SentAnswer } from "./types";

/** A server of one list that can be slow, refuse, break off, or be gone. */
class FakeServer {
  answers: Record<string, SentAnswer> = {
    a: { id: "a", text: "Hello" },
    b: { id: "b", text: "Bye", note: "x" },
  };
  revision = 1;
  batches: Batch[] = [];
  /** What the next requests get instead of an answer. */
  next: ("gone" | "lost" | Response)[] = [];

  readonly fetch = async (path: string, init: RequestInit): Promise<Response> => {
    const trouble = this.next.shift();
    if (trouble === "gone") throw new TypeError("refused");
    if (path === "health/ready") return new Response("{}");
    if (trouble instanceof Response) return trouble;
    const response = init.method === "PATCH" ? this.#edit(String(init.body)) : this.#read(init);
    if (trouble === "lost") throw new TypeError("connection lost");
    return response;
  };

  someoneElse(id: string, change: Partial<SentAnswer>): void {
    this.answers[id] = { ...(this.answers[id] as SentAnswer), ...change };
    this.revision += 1;
  }

  #read(init: RequestInit): Response {
    const seen = (init.headers as Record<string, string>)["if-none-match"];
    if (seen === `"${this.revision}"`) return new Response(null, { status: 304 });
    const answers = Object.values(this.answers);
    return Response.json({ name: "star", revision: String(this.revision), changed: "", answers });
  }

  #edit(body: string): Response {
    const batch = JSON.parse(body) as Batch;
    this.batches.push(batch);
    const before = String(this.revision);
    const after: Record<string, SentAnswer> = { ...this.answers };
    for (const { id, text } of batch.add) after[id] ??= { id, text, status: "accepted" };
    for (const [place, { id, set, was }] of batch.edits.entries()) {
      const [field = "", to] = Object.entries(set)[0] ?? [];
      const now = JSON.stringify(fieldOf(after[id], field));
      if (now === JSON.stringify(to)) continue;
      if (now !== JSON.stringify(was[field]) || to === "circle") {
        return refusal(409, `edits[${place}].set.${field}`);
      }
      after[id] = { ...(after[id] as SentAnswer), [field]: to };
    }
    this.answers = after;
    this.revision += 1;
    const named = [...batch.edits, ...batch.add].map(({ id }) => after[id]);
    return Response.json({ before, revision: String(this.revision), changed: "", answers: named });
  }
}

function fieldOf(answer: SentAnswer | undefined, field: string): unknown {
  const blank: Record<string, unknown> = { status: "proposed", tags: [] };
  return (answer as unknown as Record<string, unknown>)[field] ?? blank[field] ?? "";
}

function refusal(status: number, param: string | null = null, headers = {}): Response {
  const error = { message: "in words", type: "t", param, code: "conflict" };
  return Response.json({ error }, { status, headers });
}

let server: FakeServer;
let review: Review;

beforeEach(async () => {
  vi.useFakeTimers();
  server = new FakeServer();
  vi.stubGlobal("fetch", server.fetch);
  vi.stubGlobal("document", { hidden: false });
  review = new Review("star", null);
  await review.saving.start();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function answer(id: string) {
  const found = review.byId.value.get(id);
  if (!found) throw new Error(`no answer ${id}`);
  return found;
}

const soon = () => vi.advanceTimersByTimeAsync(1000);

describe("edits come to the server", () => {
  test("together, a moment after the last", async () => {
    review.set("accepted", answer("a"), "status", "accepted");
    review.set("tagged", answer("b"), "tags", ["end"]);
    expect(server.batches).toEqual([]);
    await soon();
    expect(server.batches).toHaveLength(1);
    expect(server.answers["a"]?.status).toBe("accepted");
    expect(server.answers["b"]?.tags).toEqual(["end"]);
    expect(review.waiting).toBe(0);
    expect(review.saving.state.value).toEqual({ state: "saved" });
  });

  test("and undo takes them back, there too", async () => {
    review.set("accepted", answer("a"), "status", "accepted");
    await soon();
    expect(review.undo()?.step.what).toBe("accepted");
    await soon();
    expect(server.answers["a"]?.status).toBe("proposed");
    expect(review.undo()).toBeNull();
  });

  test("with answers that a person wrote", async () => {
    const id = review.add("You are welcome");
    review.set("tagged", answer(id), "tags", ["end"]);
    await soon();
    expect(server.answers[id]).toEqual({
      id,
      text: "You are welcome",
      status: "accepted",
      tags: ["end"],
    });
    expect(review.waiting).toBe(0);
  });

  test("others' changes are seen when ours were put on top of them", async () => {
    server.someoneElse("b", { text: "Good bye" });
    review.set("accepted", answer("a"), "status", "accepted");
    await soon();
    expect(answer("b").text).toBe("Good bye");
    expect(answer("a").status).toBe("accepted");
  });
});

describe("when the server does not take them they are kept and sent later", () => {
  test.each([
    [429, 2, "busy"],
    [503, 2, "busy"],
    [401, 3, "refused"],
    [500, 3, "failed"],
    [413, 3, "invalid"],
  ])("after a %i", async (status, seconds, kind) => {
    server.next = [refusal(status, null, { "retry-after": "2" })];
    vi.stubGlobal("sessionStorage", { getItem: () => null });
    review.set("accepted", answer("a"), "status", "accepted");
    await soon();
    if (status === 401) {
      const { declineKey } = await import("../../server/key");
      declineKey();
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(review.saving.state.value).toMatchObject({ state: "kept", problem: { kind } });
    expect(review.waiting).toBe(1);
    expect(answer("a").status).toBe("accepted");
    await vi.advanceTimersByTimeAsync(seconds * 1000 + 500);
    expect(server.answers["a"]?.status).toBe("accepted");
    expect(review.saving.state.value).toEqual({ state: "saved" });
  });

  test("when it was gone", async () => {
    server.next = ["gone", "gone", "gone"];
    review.set("accepted", answer("a"), "status", "accepted");
    await soon();
    expect(review.saving.state.value).toMatchObject({ state: "kept", problem: { kind: "gone" } });
    review.set("rejected", answer("b"), "status", "rejected");
    await vi.advanceTimersByTimeAsync(20_000);
    expect(server.answers["a"]?.status).toBe("accepted");
    expect(server.answers["b"]?.status).toBe("rejected");
    expect(review.waiting).toBe(0);
  });

  test("when it took them and its answer was lost", async () => {
    server.next = ["lost"];
    review.set("reworded", answer("a"), "text", "Hello!");
    await vi.advanceTimersByTimeAsync(405);
    expect(server.answers["a"]?.text).toBe("Hello!");
    review.set("reworded", answer("a"), "text", "Hello you");
    await vi.advanceTimersByTimeAsync(20_000);
    expect(server.answers["a"]?.text).toBe("Hello you");
    expect(review.conflicts.value).toEqual([]);
    expect(review.refused.value.size).toBe(0);
  });
});

describe("when somebody else was quicker", () => {
  beforeEach(async () => {
    server.someoneElse("b", { note: "theirs" });
    review.set("noted", answer("b"), "note", "mine");
    review.set("accepted", answer("a"), "status", "accepted");
    await soon();
  });

  test("both versions are there, and the rest is saved", () => {
    expect(review.conflicts.value).toMatchObject([
      { change: { id: "b", field: "note", was: "x", to: "mine" }, now: "theirs" },
    ]);
    expect(server.answers["a"]?.status).toBe("accepted");
    expect(server.answers["b"]?.note).toBe("theirs");
    expect(answer("b").note).toBe("mine");
    expect([...review.troubled.value]).toEqual(["b"]);
  });

  test("one can insist", async () => {
    const [conflict] = review.conflicts.value;
    if (conflict) review.insist(conflict);
    await soon();
    expect(server.answers["b"]?.note).toBe("mine");
    expect(review.waiting).toBe(0);
  });

  test("one can take theirs", () => {
    review.drop("b", "note");
    expect(answer("b").note).toBe("theirs");
    expect(review.waiting).toBe(0);
  });
});

test("an edit that the server refuses is told, and does not hold up the others", async () => {
  review.set("reworded", answer("a"), "text", "circle");
  review.set("rejected", answer("b"), "status", "rejected");
  await soon();
  expect([...review.refused.value]).toEqual([["text/a", "in words"]]);
  expect(server.answers["b"]?.status).toBe("rejected");
  const sent = server.batches.length;
  await vi.advanceTimersByTimeAsync(20_000);
  expect(server.batches).toHaveLength(sent);
  review.set("reworded", answer("a"), "text", "better");
  await soon();
  expect(server.answers["a"]?.text).toBe("better");
  expect(review.refused.value.size).toBe(0);
});

test("what others did is looked for, and a list that nobody changed is not sent again", async () => {
  await review.saving.look();
  server.someoneElse("b", { status: "accepted" });
  await review.saving.look();
  expect(answer("b").status).toBe("accepted");
});

test("what cannot be read at the start is read later, and what waits is sent then", async () => {
  server.next = [refusal(503, null, { "retry-after": "1" })];
  const later = new Review("star", null);
  await later.saving.start();
  expect(later.problem.value?.kind).toBe("busy");
  await vi.advanceTimersByTimeAsync(1500);
  expect(later.problem.value).toBeNull();
  expect(later.answers.value).toHaveLength(2);
});
