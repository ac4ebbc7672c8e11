import { useEffect, useState } from "preact/hooks";
import { connection } from "../../server/connection";
import { keyGiven, keyWanted } from "../../server/key";
import { Problem } from "../../server/problem";

/** Something the server was asked for. */
export interface Read<T> {
  value: T | null;
  problem: Problem | null;
  again: () => void;
}

/**
 * Ask once, and again when `name` changes, the server comes back or a key was given.
 *
 * What was read stays in sight while it is asked anew. Nothing is asked while `ask` is null.
 */
export function useRead<T>(name: string, ask: (() => Promise<T>) | null): Read<T> {
  const [state, setState] = useState<{ name: string; value: T | null; problem: Problem | null }>({
    name,
    value: null,
    problem: null,
  });
  const [tries, setTries] = useState(0);
  const alive = connection.value.state === "ok";
  const key = keyGiven.value;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `name` says what `ask` asks for
  useEffect(() => {
    let current = true;
    if (!alive || !ask) return;
    ask().then(
      (value) => current && setState({ name, value, problem: null }),
      (error: unknown) => {
        if (!current) return;
        const problem = error instanceof Problem ? error : new Problem("failed", String(error));
        setState((before) => ({
          name,
          value: before.name === name ? before.value : null,
          problem,
        }));
      },
    );
    return () => {
      current = false;
    };
  }, [name, alive, key, tries]);
  // Another key may allow what the one before did not.
  const asking = keyWanted.value !== null;
  const refused = state.problem?.kind === "refused";
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when the dialog is closed
  useEffect(() => {
    if (refused && !asking) setTries((before) => before + 1);
  }, [asking]);
  const own = state.name === name;
  return {
    value: own ? state.value : null,
    problem: own ? state.problem : null,
    again: () => setTries((before) => before + 1),
  };
}
