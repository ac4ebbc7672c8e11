import { describe, expect, test } from "vitest";
import { problemOf } from "./problem";

const answer = (code: string, param: string | null = null) => ({
  error: { message: "in words", type: "t", param, code },
});

describe("an error answer becomes a problem of a kind", () => {
  test.each([
    [401, "invalid_api_key", "refused"],
    [403, "forbidden", "refused"],
    [429, "rate_limited", "busy"],
    [503, "overloaded", "busy"],
    [504, "deadline", "late"],
    [409, "superseded", "superseded"],
    [409, "conflict", "invalid"],
    [400, "invalid", "invalid"],
    [500, "internal", "failed"],
  ])("%i %s is %s", (status, code, kind) => {
    expect(problemOf(status, null, answer(code)).kind).toBe(kind);
  });

  test("message, field and waiting time are kept", () => {
    const problem = problemOf(429, "2.5", answer("rate_limited", "model"));
    expect(problem.message).toBe("in words");
    expect(problem.param).toBe("model");
    expect(problem.retryAfter).toBe(2.5);
    expect(problem.passes).toBe(true);
  });

  test("an answer of some proxy is told by its status", () => {
    const problem = problemOf(502, "soon", "<html>");
    expect(problem.message).toBe("The server answered 502.");
    expect(problem.retryAfter).toBe(0);
  });
});
