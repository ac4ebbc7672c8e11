import { useState } from "preact/hooks";
import { Dialog } from "../../components/Dialog";
import { ProblemNotice } from "../../components/ProblemNotice";
import { Problem } from "../../server/problem";
import { moveTitle, moveVerb, whatHappens } from "./moving";
import { type Move, type Moved, moveAlias } from "./store";

/** Says what a move of an alias will do, asks why, which its history keeps, and does it. */
export function MoveDialog({
  model,
  move,
  onClose,
  onDone,
}: {
  model: string;
  move: Move;
  onClose: () => void;
  onDone: (moved: Moved) => void;
}) {
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      onDone(await moveAlias(model, move, reason));
    } catch (error) {
      setProblem(error instanceof Problem ? error : new Problem("failed", String(error)));
      setBusy(false);
    }
  };
  return (
    <Dialog title={moveTitle(move)} onClose={onClose}>
      <form onSubmit={submit}>
        {whatHappens(model, move).map((sentence) => (
          <p key={sentence} class="quiet small">
            {sentence}
          </p>
        ))}
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
            {moveVerb(move)}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
