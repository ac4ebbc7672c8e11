import { useEffect, useState } from "preact/hooks";
import { PageHead } from "../../components/PageHead";
import { ProblemNotice } from "../../components/ProblemNotice";
import { Segmented } from "../../components/Segmented";
import { loadModels, models, modelsProblem } from "../../server/models";
import { address, route } from "../../shell/route";
import "./classify.css";
import { classifiers } from "./choice";
import { FileView } from "./file/FileView";
import { openFile } from "./file/job";
import { TextView } from "./text/TextView";

const VIEWS = [
  { value: "text", label: "A text" },
  { value: "file", label: "A file" },
] as const;

type View = (typeof VIEWS)[number]["value"];

/** One text with every classifier at once, or a file of texts. */
export default function Classify() {
  const view: View = route.value.rest[0] === "file" ? "file" : "text";
  const dropping = useDroppedFile();
  return (
    <>
      <PageHead title="Classify" summary="What every classifier says of a text, and why.">
        <Segmented label="What to classify" value={view} options={VIEWS} onChange={show} />
      </PageHead>
      <div class={dropping ? "page-body classify dropping" : "page-body classify"}>
        {modelsProblem.value && (
          <ProblemNotice problem={modelsProblem.value} onRetry={() => void loadModels()} />
        )}
        {models.value !== null && classifiers.value.length === 0 && <NoClassifier />}
        {view === "text" ? <TextView /> : <FileView />}
      </div>
    </>
  );
}

function show(view: View): void {
  location.hash = view === "file" ? address("classify", "file") : address("classify");
}

function NoClassifier() {
  return (
    <p class="notice">
      <span>
        No classifier is served. <code>cuebox train</code> makes one from a table of texts and
        labels.
      </span>
    </p>
  );
}

/** A file dropped anywhere on the page is opened; true while one hovers over it. */
function useDroppedFile(): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const hasFile = (event: DragEvent) => event.dataTransfer?.types.includes("Files") === true;
    const hover = (event: DragEvent) => {
      if (!hasFile(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      setOver(false);
      const file = event.dataTransfer?.files[0];
      if (!file) return;
      event.preventDefault();
      void openFile(file);
      show("file");
    };
    addEventListener("dragover", hover);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", hover);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, []);
  return over;
}
