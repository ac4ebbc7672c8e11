import { isAbort } from "../../../server/client";
import { reconnected } from "../../../server/connection";
import { Problem } from "../../../server/problem";

/** Asks for the latest thing only: what was asked before is called off, wherever it is. */
export class Latest {
  private current: AbortController | null = null;
  private readonly failed: (problem: Problem | null) => void;

  /** `failed` is told each problem, and null when another try begins. */
  constructor(failed: (problem: Problem | null) => void) {
    this.failed = failed;
  }

  /**
   * Do `work` after `delay` milliseconds, and again while the server is gone or busy.
   *
   * `work` gets a signal that is aborted by the next `start`, or by `stop`.
   */
  start(delay: number, work: (signal: AbortSignal) => Promise<void>): void {
    this.stop();
    const controller = new AbortController();
    this.current = controller;
    void this.run(delay, work, controller.signal);
  }

  /** Call off what runs or waits. */
  stop(): void {
    this.current?.abort();
    this.current = null;
  }

  private async run(
    delay: number,
    work: (signal: AbortSignal) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    await pause(delay, signal);
    while (!signal.aborted) {
      try {
        await work(signal);
        if (!signal.aborted) this.failed(null);
        return;
      } catch (error) {
        if (signal.aborted || isAbort(error)) return;
        const problem = asProblem(error);
        this.failed(problem);
        if (!(await worthAnotherTry(problem, signal))) return;
      }
    }
  }
}

/** Waits until the same request may succeed; false where only the person can help. */
async function worthAnotherTry(problem: Problem, signal: AbortSignal): Promise<boolean> {
  if (problem.kind === "gone") await reconnected();
  else if (problem.kind === "busy") await pause(1000 * Math.max(1, problem.retryAfter), signal);
  else return false;
  return !signal.aborted;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem("failed", String(error));
}
