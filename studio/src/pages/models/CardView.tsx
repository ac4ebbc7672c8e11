import type { ComponentChildren } from "preact";
import { Bar } from "./Bar";
import { ReportView } from "./ReportView";
import type { Card, Coder } from "./store";
import { bytes, counted, figure, list, moment, sharedWords } from "./words";

const FIRST_FIGURES = 4;
const FIRST_LABELS = 60;

/** All that is known of one version; what is said of the model stands beside it. */
export function CardView({ card, children }: { card: Card; children: ComponentChildren }) {
  return (
    <>
      {card.description && <p class="models-lead">{card.description}</p>}
      <Figures card={card} />
      {card.reports.length > 0 && (
        <ReportView key={`${card.model} ${card.facts.version}`} card={card} />
      )}
      <div class="models-two">
        <div class="models-side">
          <Shares card={card} />
          {children}
        </div>
        <Origin card={card} />
      </div>
      {card.labels.length > 0 && <Labels card={card} />}
    </>
  );
}

function Figures({ card }: { card: Card }) {
  const metrics = card.facts.metrics ?? {};
  const known = card.figures.filter((name) => metrics[name.name] !== undefined);
  if (known.length === 0) return null;
  const first = known.slice(0, FIRST_FIGURES);
  const rest = known.slice(FIRST_FIGURES);
  return (
    <section aria-label="Figures" class="models-figures">
      <dl>
        {first.map((name) => (
          <div key={name.name} class="card">
            <dt>{name.title}</dt>
            <dd>
              <b class="numbers">{figure(name, metrics[name.name] ?? 0)}</b>
              <span class="small quiet">{name.meaning}</span>
            </dd>
          </div>
        ))}
      </dl>
      {rest.length > 0 && (
        <details>
          <summary>{counted(rest.length, "more figure")}</summary>
          <table>
            <caption class="hidden">More figures</caption>
            <tbody>
              {rest.map((name) => (
                <tr key={name.name}>
                  <th scope="row">{name.title}</th>
                  <td class="number">{figure(name, metrics[name.name] ?? 0)}</td>
                  <td class="small quiet more">{name.meaning}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </section>
  );
}

function Shares({ card }: { card: Card }) {
  const all = card.facts.bytes ?? 0;
  const own = card.facts.own_bytes ?? 0;
  const sentences = sharedWords(card.model, card.blobs);
  return (
    <section class="card" aria-labelledby="models-shares">
      <h2 id="models-shares">
        Size <span class="quiet numbers">{bytes(all)}</span>
      </h2>
      <Bar
        total={all}
        parts={[
          { name: "Its own", bytes: own, colour: "one", more: "" },
          ...(all > own ? [{ name: "Shared", bytes: all - own, colour: "two", more: "" }] : []),
        ]}
      />
      {sentences.length > 0 ? (
        sentences.map((each) => (
          <p key={each} class="small">
            {each}
          </p>
        ))
      ) : (
        <p class="small">It shares nothing with other versions.</p>
      )}
      <details>
        <summary>{counted(card.blobs.length, "file")}</summary>
        <table class="models-files">
          <caption class="hidden">Files, the largest first</caption>
          <tbody>
            {card.blobs.map((blob) => (
              <tr key={blob.sha256}>
                <th scope="row">{blob.files.join(", ")}</th>
                <td class="number">{bytes(blob.bytes)}</td>
                <td class="small quiet">
                  {blob.shared_with.length > 0 &&
                    `with ${list(blob.shared_with.map((s) => s.model))}`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </section>
  );
}

function Origin({ card }: { card: Card }) {
  const { provenance } = card;
  const environment = Object.entries(provenance.environment);
  return (
    <section class="card" aria-labelledby="models-origin">
      <h2 id="models-origin">Where it comes from</h2>
      <dl class="models-facts">
        <Fact name="Published">{card.facts.created && moment(card.facts.created)}</Fact>
        <Fact name="Made by">{provenance.command && <code>{provenance.command}</code>}</Fact>
        <Fact name="Code">
          {provenance.code_revision && <code>{provenance.code_revision}</code>}
        </Fact>
        <Fact name="Data">{provenance.data_digest && <Digest of={provenance.data_digest} />}</Fact>
        <Fact name="Settings">
          {provenance.config_digest && <Digest of={provenance.config_digest} />}
        </Fact>
        <Fact name="Encoder">{card.encoder && <CoderWords coder={card.encoder} />}</Fact>
        <Fact name="Language model">{card.decoder && <CoderWords coder={card.decoder} />}</Fact>
        {Object.entries(card.body).map(([name, value]) => (
          <Fact key={name} name={name.replaceAll("_", " ")}>
            {typeof value === "number" ? Number(value.toPrecision(4)) : String(value)}
          </Fact>
        ))}
      </dl>
      {card.settings && (
        <details>
          <summary>Settings, every default spelled out</summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard */}
          <pre class="models-settings" tabIndex={0}>
            {card.settings}
          </pre>
        </details>
      )}
      {environment.length > 0 && (
        <details>
          <summary>
            Made with {counted(environment.length, "package", "packages and machine")}
          </summary>
          <dl class="models-facts">
            {environment.map(([name, version]) => (
              <Fact key={name} name={name}>
                {version}
              </Fact>
            ))}
          </dl>
        </details>
      )}
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  if (children === "" || children === null || children === undefined) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/* The beginning tells two apart; the whole is there to be copied. */
function Digest({ of }: { of: string }) {
  return <code title={of}>{of.slice(0, 12)}</code>;
}

function CoderWords({ coder }: { coder: Coder }) {
  const dim = coder.shape["dim"] ?? coder.shape["hidden"];
  return (
    <>
      {coder.architecture}, {coder.quantization}, {String(dim)} wide, up to{" "}
      {coder.max_tokens.toLocaleString("en")} tokens, {bytes(coder.bytes)}{" "}
      <Digest of={coder.digest} />
    </>
  );
}

function Labels({ card }: { card: Card }) {
  const all = card.facts.labels ?? card.labels.length;
  const some = card.labels.slice(0, FIRST_LABELS);
  const rest = card.labels.slice(FIRST_LABELS);
  return (
    <section class="card" aria-labelledby="models-labels">
      <h2 id="models-labels">
        Labels <span class="quiet numbers">{all.toLocaleString("en")}</span>
      </h2>
      <Chips labels={some} />
      {rest.length > 0 && (
        <details>
          <summary>{counted(all - some.length, "more label")}</summary>
          <Chips labels={rest} />
        </details>
      )}
    </section>
  );
}

function Chips({ labels }: { labels: readonly string[] }) {
  return (
    <ul class="models-chips">
      {labels.map((label) => (
        <li key={label} class="tag">
          {label}
        </li>
      ))}
    </ul>
  );
}
