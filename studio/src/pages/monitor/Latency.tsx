import { setting } from "../../storage/setting";
import { count, duration, type Figures, PHASES, windowWords } from "./figures";
import { Plot } from "./Plot";
import { middles } from "./plot";

const chosen = setting("monitor.phase", "request", (stored) =>
  typeof stored === "string" && stored in PHASES ? stored : undefined,
);

/** Every phase in numbers; the chosen one over time. */
export function Latency({ figures, from, to }: { figures: Figures; from: number; to: number }) {
  const { until, seconds, phases } = figures.timeline;
  const phase = chosen.value;
  const name = PHASES[phase]?.title ?? phase;
  const curves = phases[phase] ?? { p50: [], p90: [], p99: [] };
  const whole = figures.phases.find((each) => each.phase === phase);
  return (
    <section class="card monitor-wide" aria-labelledby="monitor-latency">
      <h2 id="monitor-latency">Latency by phase</h2>
      <div class="monitor-latency">
        <Phases figures={figures} />
        <Plot
          title={`Latency of: ${name}`}
          summary={`${name} ${windowWords(figures)}: half within ${duration(whole?.p50 ?? null)}, nine in ten within ${duration(whole?.p90 ?? null)}, 99 of 100 within ${duration(whole?.p99 ?? null)}.`}
          times={middles(until, seconds)}
          from={from}
          to={to}
          show={duration}
          lines={[
            { name: "p99", colour: "three", values: curves.p99, dashed: true },
            { name: "p90", colour: "two", values: curves.p90 },
            { name: "p50", colour: "one", values: curves.p50, area: true },
          ]}
        />
      </div>
    </section>
  );
}

/* The table is the choice: a row is a radio button. */
function Phases({ figures }: { figures: Figures }) {
  return (
    <div class="monitor-scroll">
      <table class="monitor-phases">
        <caption class="hidden">Percentiles of each phase; choose one to see it over time</caption>
        <thead>
          <tr>
            <th scope="col">Phase</th>
            <th scope="col" class="more">
              Times
            </th>
            <th scope="col">p50</th>
            <th scope="col">p90</th>
            <th scope="col">p99</th>
          </tr>
        </thead>
        <tbody>
          {figures.phases.map((each) => {
            const words = PHASES[each.phase] ?? { title: each.phase, meaning: "" };
            return (
              <tr key={each.phase} class={each.count === 0 ? "idle" : ""}>
                <th scope="row">
                  <label class="monitor-choice" title={words.meaning}>
                    <input
                      type="radio"
                      name="monitor-phase"
                      checked={chosen.value === each.phase}
                      onChange={() => {
                        chosen.value = each.phase;
                      }}
                    />
                    {words.title}
                  </label>
                </th>
                <td class="more">{count(each.count)}</td>
                <td>{duration(each.p50)}</td>
                <td>{duration(each.p90)}</td>
                <td>{duration(each.p99)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
