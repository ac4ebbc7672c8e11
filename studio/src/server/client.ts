import { answered, unanswered } from "./connection";
import { currentKey, wantKey } from "./key";
import { Problem, problemOf } from "./problem";
import { type Phases, parseTiming } from "./timing";

/** A JSON answer and how long it took. */
export interface Answer<T> {
  value: T;
  /** Where the server's time went, in milliseconds. */
  phases: Phases;
  /** From asking to the whole answer, in milliseconds. */
  ms: number;
  headers: Headers;
}

/** How to ask. */
export interface Ask {
  method?: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** Sent as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Milliseconds until the request counts as late. */
  timeout?: number;
  /** Whether the person may be asked for a key; background requests say false. */
  mayAskForKey?: boolean;
}

const TIMEOUT = 30_000;

/**
 * Ask the server for JSON; `path` is relative, such as `v1/models`.
 *
 * Throws `Problem`, or an `AbortError` when `signal` says so.
 */
export async function ask<T>(path: string, how: Ask = {}): Promise<Answer<T>> {
  const started = performance.now();
  const response = await send(path, how);
  const value = (await readBody(response, how.signal)) as T;
  return {
    value,
    phases: parseTiming(response.headers.get("server-timing")),
    ms: performance.now() - started,
    headers: response.headers,
  };
}

/** Ask for an answer that is read as it comes. Throws as `ask` does. */
export async function send(path: string, how: Ask = {}): Promise<Response> {
  for (;;) {
    const key = currentKey();
    const response = await reach(path, how, key);
    if (response.ok) return response;
    const problem = problemOf(
      response.status,
      response.headers.get("retry-after"),
      await response.json().catch(() => null),
    );
    if (response.status !== 401) throw problem;
    // Another key may have been given while this answer was on its way.
    if (currentKey() !== "" && currentKey() !== key) continue;
    if (how.mayAskForKey === false || !(await wantKey(problem.message))) throw problem;
  }
}

async function reach(path: string, how: Ask, key: string): Promise<Response> {
  const headers: Record<string, string> = { ...how.headers };
  if (key) headers["authorization"] = `Bearer ${key}`;
  if (how.body !== undefined) headers["content-type"] = "application/json";
  const late = AbortSignal.timeout(how.timeout ?? TIMEOUT);
  try {
    const response = await fetch(path, {
      method: how.method ?? (how.body === undefined ? "GET" : "POST"),
      headers,
      body: how.body === undefined ? null : JSON.stringify(how.body),
      signal: how.signal ? AbortSignal.any([how.signal, late]) : late,
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
    });
    answered();
    return response;
  } catch (error) {
    throw failure(error, how.signal);
  }
}

async function readBody(response: Response, signal?: AbortSignal): Promise<unknown> {
  try {
    return response.status === 204 ? null : await response.json();
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new Problem("failed", "The answer is not JSON: is this a cuebox server?");
    }
    throw failure(error, signal);
  }
}

/** What a failed `fetch` or a broken body means. */
export function failure(error: unknown, signal?: AbortSignal): unknown {
  if (error instanceof Problem || signal?.aborted) return error;
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return new Problem("late", "The server has not answered in time.");
  }
  if (error instanceof TypeError || error instanceof DOMException) {
    unanswered();
    return new Problem("gone", "The server does not answer.");
  }
  return error;
}

/** Whether an error only says that the page itself called the request off. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
