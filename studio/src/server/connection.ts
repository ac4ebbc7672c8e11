import { signal } from "@preact/signals";

/** Whether the server answers; `since` and `gone` in milliseconds since the epoch. */
export interface Connection {
  state: "ok" | "gone";
  since: number;
}

/** What pages and the shell show of the connection. */
export const connection = signal<Connection>({ state: "ok", since: Date.now() });

const SHORTEST_WAIT = 500;
const LONGEST_WAIT = 5_000;

let waiters: (() => void)[] = [];
let probing = false;

/** An answer came, of whatever kind. */
export function answered(): void {
  if (connection.peek().state === "ok") return;
  connection.value = { state: "ok", since: Date.now() };
  const waiting = waiters;
  waiters = [];
  for (const go of waiting) go();
}

/** No answer came: ask for a sign of life until one comes. */
export function unanswered(): void {
  if (connection.peek().state === "ok") connection.value = { state: "gone", since: Date.now() };
  if (!probing) void probe();
}

/** Resolves when the server answers again; at once while it does. */
export function reconnected(): Promise<void> {
  if (connection.peek().state === "ok") return Promise.resolve();
  return new Promise((resolve) => waiters.push(resolve));
}

async function probe(): Promise<void> {
  probing = true;
  for (let wait = SHORTEST_WAIT; ; wait = Math.min(wait * 1.6, LONGEST_WAIT)) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    try {
      // Ready, not only alive: a server that still loads its models cannot answer yet.
      const response = await fetch("health/ready", {
        cache: "no-store",
        signal: AbortSignal.timeout(LONGEST_WAIT),
      });
      await response.body?.cancel();
      if (response.ok) break;
    } catch {
      // Still gone.
    }
  }
  probing = false;
  answered();
}
