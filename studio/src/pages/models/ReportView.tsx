import { useEffect, useRef, useState } from "preact/hooks";
import { SelectField } from "../../components/Field";
import { ProblemNotice } from "../../components/ProblemNotice";
import { Problem } from "../../server/problem";
import { type Card, linkTo, type ReportLink } from "./store";
import { bytes } from "./words";

/** A report, a picture or a text of a version, in a frame that is shut off from the studio. */
export function ReportView({ card }: { card: Card }) {
  const [file, setFile] = useState(firstOf(card.reports));
  const [link, problem, again] = useLink(card.model, card.facts.version, file);
  const view = card.reports.find((each) => each.file === file)?.view;
  return (
    <section class="card models-report" aria-labelledby="models-report">
      <div class="models-report-head">
        <h2 id="models-report">{view === "page" ? "Report" : "Files"}</h2>
        {(card.reports.length > 1 || file === "") && (
          <SelectField
            label="File"
            value={file}
            options={[
              ...(file === "" ? [{ value: "", label: "Choose one to read" }] : []),
              ...card.reports.map((each) => ({
                value: each.file,
                label: `${each.file} (${bytes(each.bytes)})`,
              })),
            ]}
            onChange={setFile}
          />
        )}
        {link && (
          <a class="button small" href={link.url} target="_blank" rel="noopener noreferrer">
            Open in a new tab
          </a>
        )}
      </div>
      {problem && <ProblemNotice problem={problem} onRetry={again} />}
      {link && (
        <Frame
          key={`${card.facts.version} ${file}`}
          link={link}
          view={view ?? "text"}
          title={`${file} of ${card.model} ${card.facts.version}`}
        />
      )}
    </section>
  );
}

/* What is written for people; the rest waits until it is asked for. */
function firstOf(reports: Card["reports"]): string {
  const first = reports.find((each) => each.view !== "text" || each.file.endsWith(".md"));
  return first?.file ?? "";
}

/*
 * The first link stays in the frame: the page in it must not begin anew with every other. Should it
 * begin anew by itself, as when somebody reloads the frame, it does so with the newest link: the
 * first may have run out.
 */
function Frame({ link, view, title }: { link: ReportLink; view: string; title: string }) {
  const [url, setUrl] = useState(link.url);
  const loaded = useRef("");
  return (
    <iframe
      class={`models-frame ${view}`}
      src={url}
      title={title}
      sandbox="allow-scripts"
      onLoad={() => {
        if (loaded.current === url) setUrl(link.url);
        loaded.current = url;
      }}
    />
  );
}

/** A link that works, renewed before it runs out. */
function useLink(model: string, version: string, file: string) {
  const [link, setLink] = useState<ReportLink | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [tries, setTries] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another try begins anew
  useEffect(() => {
    let current = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let made = 0;
    let seconds = 0;

    async function renew(): Promise<void> {
      clearTimeout(timer);
      try {
        const found = await linkTo(model, version, file);
        if (!current) return;
        made = Date.now();
        seconds = found.expires_in;
        setLink(found);
        setProblem(null);
        timer = setTimeout(renew, (seconds * 1000 * 3) / 4);
      } catch (error) {
        if (!current) return;
        setProblem(error instanceof Problem ? error : new Problem("failed", String(error)));
      }
    }

    // Timers of a tab out of sight are late.
    function back(): void {
      if (!document.hidden && made > 0 && Date.now() - made > (seconds * 1000) / 2) void renew();
    }

    setLink(null);
    if (file) void renew();
    document.addEventListener("visibilitychange", back);
    return () => {
      current = false;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", back);
    };
  }, [model, version, file, tries]);
  return [link?.file === file ? link : null, problem, () => setTries((n) => n + 1)] as const;
}
