import { useEffect, useState } from "preact/hooks";
import { connection } from "../server/connection";
import { models, modelsProblem } from "../server/models";

/** One line: does the server answer, and how many models does it serve. */
export function ServerState() {
  if (connection.value.state === "gone") return <p class="state bad">The server does not answer</p>;
  if (modelsProblem.value?.kind === "refused") return <p class="state waiting">Wants an API key</p>;
  if (models.value === null) {
    const problem = modelsProblem.value;
    return problem && !problem.passes ? (
      <p class="state bad">{problem.message}</p>
    ) : (
      <p class="state waiting">Asking the server</p>
    );
  }
  const count = models.value.length;
  return <p class="state">{count === 1 ? "1 model served" : `${count} models served`}</p>;
}

/** Told across the page while the server is gone: nothing is lost meanwhile. */
export function GoneNotice() {
  const { state, since } = connection.value;
  const seconds = useSecondsSince(state === "gone" ? since : null);
  if (state === "ok") return null;
  return (
    <div class="notice warn">
      <p role="status" class="hidden">
        The server does not answer. What you write is kept in this browser.
      </p>
      {/* Seconds that are counted aloud would drown everything else. */}
      <span>
        The server has not answered for {seconds} s. What you write is kept in this browser, and the
        page goes on by itself when the server is back.
      </span>
    </div>
  );
}

function useSecondsSince(moment: number | null): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (moment === null) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [moment]);
  return moment === null ? 0 : Math.max(0, Math.round((now - moment) / 1000));
}
