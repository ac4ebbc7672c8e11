import { useState } from "preact/hooks";
import { Dialog } from "../../components/Dialog";
import { ProblemNotice } from "../../components/ProblemNotice";
import { Problem } from "../../server/problem";
import { promote, type StoredModel } from "./store";

/** Asks before a version is put into production, and why, which the alias's history keeps. */
export function PromoteDialog({
  model,
  version,
  onClose,
  onDone,
}: {
  model: StoredModel;
  version: string;
  onClose: () => void;
  onDone: () => void;
}) {
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  // Whoever moved the alias since this page was read is not overruled.
  const [expected] = useState(model.aliases["production"]?.number ?? 0);
  const before = model.aliases["production"]?.version;
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await promote(model.name, version, "production", reason, expected);
      onDone();
    } catch (error) {
      setProblem(error instanceof Problem ? error : new Problem("failed", String(error)));
      setBusy(false);
    }
  };
  return (
    <Dialog title={`Put ${version} into production`} onClose={onClose}>
      <form onSubmit={submit}>
        <p class="quiet small">
          Requests to <b>{model.name}</b> are answered by it from then on
          {before ? `, instead of ${before}. Requests that are under way are not disturbed.` : "."}
        </p>
        <div class="field">
          <label for="models-reason">Why</label>
          <input
            id="models-reason"
            class="input"
            maxLength={1000}
            autocomplete="off"
            value={reason}
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        </div>
        {problem && <ProblemNotice problem={problem} />}
        <div class="actions end">
          <button class="button" type="button" onClick={onClose}>
            Leave it
          </button>
          <button class="button primary" type="submit" disabled={busy}>
            Put into production
          </button>
        </div>
      </form>
    </Dialog>
  );
}
