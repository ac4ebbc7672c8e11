import { Icon } from "../../../components/Icon";
import { ProblemNotice } from "../../../components/ProblemNotice";
import { rows } from "./FileView";
import { Findings } from "./Findings";
import { closeFile, run as currentRun } from "./job";
import type { Run } from "./run";

/** How far a run is, what can be done about it, and what it found. */
export function Progress({ run, name }: { run: Run; name: string }) {
  const share = run.total === 0 ? 1 : run.done.value / run.total;
  const percentDone = Math.floor(100 * share);
  return (
    <>
      <section class="card classify-run" aria-label="Progress">
        <header>
          <h2>{name}</h2>
          <Status run={run} />
        </header>
        <div
          class="bar"
          role="progressbar"
          aria-label="Rows classified"
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={percentDone}
        >
          <span style={{ width: `${100 * share}%` }} />
        </div>
        <p class="numbers small">
          {run.done.value.toLocaleString("en")} of {rows(run.total)}
          {run.rate.value > 0 && `, ${Math.round(run.rate.value).toLocaleString("en")} rows/s`}
          {run.failed.value > 0 && `, ${run.failed.value.toLocaleString("en")} with an error`}
          {run.cut.value > 0 &&
            `, ${run.cut.value.toLocaleString("en")} longer than the encoder reads`}
        </p>
        <Trouble run={run} />
        <Actions run={run} />
      </section>
      {run.done.value > 0 && <Findings run={run} />}
    </>
  );
}

function Status({ run }: { run: Run }) {
  const kind = run.state.value.kind;
  const told = {
    running: "Classifying",
    waiting: "Waiting for the server",
    stopped: "Stopped",
    done: run.failed.value > 0 ? "Done, with errors in some rows" : "Done",
    cancelled: "Cancelled",
    broken: "Ended too early",
  }[kind];
  const tone = kind === "done" ? "good" : kind === "running" ? "accent" : "warn";
  return (
    <p class={`tag ${tone}`} role="status">
      {told}
    </p>
  );
}

function Trouble({ run }: { run: Run }) {
  const state = run.state.value;
  if (state.kind === "stopped")
    return <ProblemNotice problem={state.problem} onRetry={() => run.resume()} />;
  if (state.kind === "broken") return <ProblemNotice problem={state.problem} />;
  if (state.kind !== "waiting") return null;
  return (
    <div class="notice warn">
      <span>{sentence(state.problem.message)} It is asked again, and nothing is lost.</span>
    </div>
  );
}

/** A message of the server as a whole sentence. */
function sentence(message: string): string {
  return `${message.replace(/[.\s]+$/, "")}.`;
}

function Actions({ run }: { run: Run }) {
  const state = run.state.value.kind;
  const active = run.active;
  const some = run.done.value > 0;
  return (
    <div class="actions">
      {active && (
        <button class="button" type="button" onClick={() => run.cancel()}>
          Cancel
        </button>
      )}
      {state === "stopped" && (
        <button class="button" type="button" onClick={() => run.resume()}>
          Go on
        </button>
      )}
      {!active && some && (
        <button class="button primary" type="button" onClick={() => download(run)}>
          <Icon name="download" />
          {state === "done" ? "Download the result" : `Download the first ${rows(run.done.value)}`}
        </button>
      )}
      {!active && (
        <>
          <button
            class="button"
            type="button"
            onClick={() => {
              currentRun.value = null;
            }}
          >
            Change the choices
          </button>
          <button class="button" type="button" onClick={closeFile}>
            Another file
          </button>
        </>
      )}
    </div>
  );
}

function download(run: Run): void {
  const { name, content } = run.result();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The browser reads it when it gets to it.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
