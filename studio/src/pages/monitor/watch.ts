import { useEffect, useRef, useState } from "preact/hooks";
import { ask } from "../../server/client";
import { connection } from "../../server/connection";
import { keyGiven, keyWanted } from "../../server/key";
import { Problem } from "../../server/problem";
import type { Figures, Window } from "./figures";

/** Milliseconds between two looks. */
const EVERY = 5_000;

/** What was seen last, and what is wrong now. */
export interface Watched {
  figures: Figures | null;
  problem: Problem | null;
  /** When the figures came, milliseconds since the epoch. */
  at: number;
  again: () => void;
}

/**
 * The figures of a window, anew every few seconds while the page is in sight.
 *
 * What was seen stays when a look fails, and looking goes on by itself.
 */
export function useWatched(window: Window): Watched {
  const [seen, setSeen] = useState<{ figures: Figures | null; at: number }>({
    figures: null,
    at: 0,
  });
  const [problem, setProblem] = useState<Problem | null>(null);
  const [tries, setTries] = useState(0);
  const first = useRef(true);
  const alive = connection.value.state === "ok";
  const key = keyGiven.value;

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new key or another try begins anew
  useEffect(() => {
    if (!alive) return;
    const control = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let looking = false;

    async function see(): Promise<Problem | null> {
      const how = { signal: control.signal, mayAskForKey: first.current };
      first.current = false;
      try {
        const answer = await ask<Figures>(`v1/monitor/${window}`, how);
        if (!control.signal.aborted) setSeen({ figures: answer.value, at: Date.now() });
        return null;
      } catch (error) {
        return error instanceof Problem ? error : new Problem("failed", String(error));
      }
    }

    async function look(): Promise<void> {
      clearTimeout(timer);
      if (document.hidden || looking) return;
      looking = true;
      const wrong = await see();
      looking = false;
      if (control.signal.aborted) return;
      setProblem(wrong);
      // A key that is missing does not come by asking again.
      if (wrong?.kind !== "refused") timer = setTimeout(look, EVERY);
    }

    void look();
    document.addEventListener("visibilitychange", look);
    return () => {
      control.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [window, alive, key, tries]);

  // Another key may allow what the one before did not.
  const asking = keyWanted.value !== null;
  const refused = problem?.kind === "refused";
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when the dialog is closed
  useEffect(() => {
    if (refused && !asking) setTries((before) => before + 1);
  }, [asking]);

  return { ...seen, problem, again: () => setTries((before) => before + 1) };
}
