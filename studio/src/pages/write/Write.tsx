import "./write.css";
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { EditorView } from "prosemirror-view";
import { Icon } from "../../components/Icon";
import { ProblemNotice } from "../../components/ProblemNotice";
import { keyChanges } from "../../server/key";
import { type Model, models, ofKind } from "../../server/models";
import { oneOf, setting } from "../../storage/setting";
import { Controls } from "./Controls";
import { Documents } from "./Documents";
import { Desk } from "./document/desk";
import { plainText, titleOf } from "./document/text";
import { Editor } from "./Editor";
import { QuietLine } from "./QuietLine";
import { sampling } from "./sampling";
import { Suggester } from "./suggest/suggester";

const panel = setting<"open" | "closed">("write.panel", "closed", oneOf("open", "closed"));

/** A text that is suggested on while it is written. */
export default function Write() {
  const desk = useMemo(() => new Desk(), []);
  const suggester = useMemo(
    () => new Suggester(() => ({ model: chosenModel(), sampling: sampling.peek() })),
    [],
  );
  const view = useRef<EditorView | null>(null);
  const listing = useSignal(false);
  useEffect(() => {
    void desk.start();
    return () => desk.close();
  }, [desk]);
  const model = chosenModel();
  const changes = keyChanges.value;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another model or key is another try
  useEffect(() => suggester.resume(), [suggester, model?.id, changes]);
  const keeper = desk.open.value;
  const open = panel.value === "open";
  return (
    <div class={open ? "write with-controls" : "write"}>
      <header class="write-head">
        <h1>Write</h1>
        <button
          class="button plain"
          type="button"
          aria-haspopup="dialog"
          onClick={() => {
            listing.value = true;
          }}
        >
          Documents
        </button>
        <button class="button plain" type="button" onClick={() => void desk.add()}>
          <Icon name="plus" /> New
        </button>
        <button
          class="button plain"
          type="button"
          aria-label="Download as text"
          disabled={!keeper}
          onClick={() => view.current && download(view.current)}
        >
          <Icon name="download" /> <span class="write-wide">Text</span>
        </button>
        <button
          class="button plain write-panel-button"
          type="button"
          aria-expanded={open}
          aria-controls="write-controls"
          onClick={() => {
            panel.value = open ? "closed" : "open";
          }}
        >
          <Icon name="settings" />
          <span class="write-model">{model ? model.id : "No model"}</span>
        </button>
      </header>
      <Notices
        suggester={suggester}
        desk={desk}
        onRetry={() => {
          suggester.resume();
          // The button goes away with the notice.
          view.current?.focus();
        }}
      />
      <div class="write-scroll">
        {keeper && <Editor key={keeper.id} keeper={keeper} suggester={suggester} view={view} />}
      </div>
      {open && (
        <aside class="write-aside" id="write-controls" aria-label="Model and sampling">
          <Controls sampling={sampling} model={model} models={ofKind("completion")} />
        </aside>
      )}
      {keeper && <QuietLine keeper={keeper} suggester={suggester} />}
      {listing.value && (
        <Documents
          desk={desk}
          onClose={() => {
            listing.value = false;
            view.current?.focus();
          }}
        />
      )}
    </div>
  );
}

function Notices({
  suggester,
  desk,
  onRetry,
}: {
  suggester: Suggester;
  desk: Desk;
  onRetry: () => void;
}) {
  const problem = suggester.problem.value;
  const none = models.value !== null && ofKind("completion").length === 0;
  return (
    <>
      {desk.elsewhere.value && (
        <p class="notice write-notice" role="status">
          This document is open in another tab. It opens here when it is closed there.
        </p>
      )}
      {desk.unreadable.value && (
        <p class="notice bad write-notice" role="status">
          This document cannot be read. Another one can be opened, or a new one begun.
        </p>
      )}
      {desk.forgetful.value && (
        <p class="notice warn write-notice" role="status">
          This browser keeps nothing: the text is lost when the tab is closed. Download it first.
        </p>
      )}
      {none && (
        <p class="notice write-notice" role="status">
          This server has no model that continues text. <code>make demo</code> brings two;{" "}
          <code>cuebox train</code> makes one of your own.
        </p>
      )}
      {problem && (
        <div class="write-notice">
          <ProblemNotice problem={problem} onRetry={onRetry} />
        </div>
      )}
    </>
  );
}

/* The person's choice while it is served; else the first that continues plain text. */
function chosenModel(): Model | null {
  const served = ofKind("completion");
  const wanted = sampling.value.model;
  return (
    served.find((model) => model.id === wanted) ??
    served.find((model) => !model.opening) ??
    served[0] ??
    null
  );
}

function download(view: EditorView): void {
  const { doc } = view.state;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([plainText(doc)], { type: "text/plain" }));
  link.download = `${titleOf(doc).replace(/[^\p{L}\p{N} _-]/gu, "") || "text"}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
