import "./monitor.css";
import { useEffect, useState } from "preact/hooks";
import { PageHead } from "../../components/PageHead";
import { ProblemNotice } from "../../components/ProblemNotice";
import { Segmented } from "../../components/Segmented";
import { connection } from "../../server/connection";
import { oneOf, setting } from "../../storage/setting";
import {
  clock,
  count,
  currentRate,
  duration,
  type Figures,
  isQuiet,
  rate,
  share,
  span,
  type Window,
  windowWords,
} from "./figures";
import { Latency } from "./Latency";
import { ModelTable } from "./ModelTable";
import { Plot } from "./Plot";
import { middles } from "./plot";
import { useWatched } from "./watch";

const HOUR = 3600;
/* So that a server that has just started is not drawn on a minute's axis. */
const LEAST = 300;

const shown = setting<Window>("monitor.window", "hour", oneOf("hour", "start"));

export default function Monitor() {
  const watched = useWatched(shown.value);
  const { figures } = watched;
  return (
    <>
      <PageHead title="Monitor" summary="What the server is doing, from its own counters.">
        <Segmented
          label="Time"
          value={shown.value}
          options={[
            { value: "hour", label: "Last hour" },
            { value: "start", label: "Since start" },
          ]}
          onChange={(value) => {
            shown.value = value;
          }}
        />
      </PageHead>
      <div class="page-body monitor-body">
        {watched.problem && watched.problem.kind !== "gone" && (
          <ProblemNotice problem={watched.problem} onRetry={watched.again} />
        )}
        {figures && <Freshness figures={figures} at={watched.at} />}
        {figures && (isQuiet(figures) ? <Quiet /> : <Everything figures={figures} />)}
        {!figures && !watched.problem && <p class="quiet">Asking the server …</p>}
      </div>
    </>
  );
}

function Everything({ figures }: { figures: Figures }) {
  const to = figures.now;
  const begin = figures.window === "hour" ? to - HOUR : figures.started;
  const from = Math.min(to - LEAST, Math.max(begin, figures.started));
  const times = middles(figures.timeline.until, figures.timeline.seconds);
  const frame = { times, from, to };
  const { timeline } = figures;
  return (
    <>
      <Tiles figures={figures} />
      <div class="monitor-grid-2">
        <section class="card" aria-labelledby="monitor-requests">
          <h2 id="monitor-requests">Requests a second</h2>
          <Plot
            {...frame}
            title="Requests a second"
            summary={`${count(figures.requests)} requests ${windowWords(figures)}, ${count(figures.errors)} failed, ${count(figures.refused)} refused.`}
            show={(value) => (value === null ? "–" : rate(value))}
            lines={[
              { name: "All", colour: "one", values: timeline.requests, area: true },
              { name: "Refused", colour: "warn", values: timeline.refused },
              { name: "Failed", colour: "bad", values: timeline.errors },
            ]}
          />
        </section>
        <section class="card" aria-labelledby="monitor-queue">
          <h2 id="monitor-queue">Waiting and in work</h2>
          <Plot
            {...frame}
            title="Waiting and in work, at most at once"
            summary={`${figures.live.in_flight} requests in work and ${figures.live.queued} waiting now.`}
            show={(value) => (value === null ? "–" : String(Number(value.toFixed(1))))}
            lines={[
              { name: "In work", colour: "two", values: timeline.in_flight, area: true },
              { name: "Waiting", colour: "three", values: timeline.queued },
            ]}
          />
        </section>
        <Latency figures={figures} from={from} to={to} />
        <section class="card" aria-labelledby="monitor-cache">
          <h2 id="monitor-cache">Embeddings remembered</h2>
          <Plot
            {...frame}
            title="Share of texts whose embedding was remembered"
            summary={`${share(figures.hit_ratio)} of the texts ${windowWords(figures)}.`}
            show={share}
            top={1}
            lines={[
              { name: "Of all texts", colour: "four", values: timeline.hit_ratio, area: true },
            ]}
          />
        </section>
        <Suggestions figures={figures} />
        <section class="card monitor-wide" aria-labelledby="monitor-by-model">
          <h2 id="monitor-by-model">Models</h2>
          <ModelTable figures={figures} />
        </section>
      </div>
    </>
  );
}

function Tiles({ figures }: { figures: Figures }) {
  const now = currentRate(figures.timeline);
  const request = figures.phases.find((each) => each.phase === "request");
  const failed = figures.requests > 0 ? figures.errors / figures.requests : 0;
  return (
    <dl class="monitor-tiles">
      <Tile
        name="Now"
        value={now === null ? "–" : `${rate(now)}/s`}
        more={`${count(figures.requests)} ${windowWords(figures)}`}
      />
      <Tile
        name="Failed"
        value={count(figures.errors)}
        more={
          figures.errors > 0 ? `${share(failed)} of all` : `and ${count(figures.refused)} refused`
        }
        bad={figures.errors > 0}
      />
      <Tile
        name="Answered within"
        value={duration(request?.p50 ?? null)}
        more={`nine in ten within ${duration(request?.p90 ?? null)}`}
      />
      <Tile
        name="Remembered"
        value={share(figures.hit_ratio)}
        more={
          figures.token_hit_ratio === null
            ? "of the texts"
            : `of texts, ${share(figures.token_hit_ratio)} of prompts`
        }
      />
    </dl>
  );
}

function Tile({
  name,
  value,
  more,
  bad = false,
}: {
  name: string;
  value: string;
  more: string;
  bad?: boolean;
}) {
  return (
    <div class={`card monitor-tile${bad ? " bad" : ""}`}>
      <dt>{name}</dt>
      <dd>
        <b>{value}</b>
        <span>{more}</span>
      </dd>
    </div>
  );
}

const OUTCOMES: Record<string, string> = {
  shown: "shown",
  none: "not sure enough",
  late: "too late",
  failed: "failed",
};

function Suggestions({ figures }: { figures: Figures }) {
  const sources = ["reply", "completion"].filter((source) =>
    figures.suggestions.some((each) => each.source === source),
  );
  return (
    <section class="card" aria-labelledby="monitor-suggestions">
      <h2 id="monitor-suggestions">Suggestions</h2>
      {sources.length === 0 && (
        <p class="quiet small">None were asked for {windowWords(figures)}.</p>
      )}
      {sources.map((source) => {
        const found = Object.keys(OUTCOMES).flatMap((outcome) =>
          figures.suggestions.filter((each) => each.source === source && each.outcome === outcome),
        );
        const all = found.reduce((sum, each) => sum + each.count, 0);
        return (
          <div key={source} class="monitor-source">
            <h3>
              {source === "reply" ? "Replies" : "Completions"}{" "}
              <span class="quiet">{count(all)}</span>
            </h3>
            <div class="monitor-outcomes" aria-hidden="true">
              {found.map((each) => (
                <span
                  key={each.outcome}
                  class={each.outcome}
                  style={{ flexGrow: each.count / Math.max(1, all) }}
                />
              ))}
            </div>
            <p class="small quiet">
              {found
                .map(
                  (each) =>
                    `${share(each.count / Math.max(1, all))} ${OUTCOMES[each.outcome] ?? each.outcome}`,
                )
                .join(", ")}
            </p>
          </div>
        );
      })}
    </section>
  );
}

/* When this was seen; while the server is gone, since when nothing new came. */
function Freshness({ figures, at }: { figures: Figures; at: number }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const gone = connection.value.state === "gone";
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  return (
    <p class={`small monitor-fresh ${gone ? "gone" : "quiet"}`}>
      {gone
        ? `No answer since ${clock(connection.value.since / 1000, true)}. These are the figures of ${clock(at / 1000, true)}; it goes on by itself.`
        : `Seen ${seconds < 2 ? "just now" : `${seconds} s ago`}. The server has run for ${span(figures.now - figures.started)}.`}
    </p>
  );
}

function Quiet() {
  return (
    <div class="empty">
      <h2>No model has been asked anything yet</h2>
      <p>
        Write, reply or classify something in this studio, or send requests by{" "}
        <code>cuebox loadtest</code>. What the models do then shows here within ten seconds.
      </p>
    </div>
  );
}
