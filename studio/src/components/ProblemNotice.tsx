import { openKeyDialog } from "../server/key";
import type { Problem } from "../server/problem";

/** What went wrong, in words, and the one thing that helps. */
export function ProblemNotice({ problem, onRetry }: { problem: Problem; onRetry?: () => void }) {
  return (
    <div class={`notice ${problem.passes ? "warn" : "bad"}`} role="status">
      <span>
        {problem.message}
        {problem.param && (
          <>
            {" "}
            (field <code>{problem.param}</code>)
          </>
        )}
      </span>
      {problem.kind === "refused" ? (
        <button class="button small" type="button" onClick={() => openKeyDialog(problem.message)}>
          Enter an API key
        </button>
      ) : (
        onRetry && (
          <button class="button small" type="button" onClick={onRetry}>
            Try again
          </button>
        )
      )}
    </div>
  );
}
