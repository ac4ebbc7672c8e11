import { address } from "../../shell/route";
import type { StoredModel, StoreOverview } from "./store";
import { bytes, headline, KINDS } from "./words";

/** Every model: what is in production, how good it is, how large. */
export function ModelList({ store }: { store: StoreOverview }) {
  return (
    <table class="models-list">
      <caption class="hidden">Models in the store</caption>
      <thead>
        <tr>
          <th scope="col">Model</th>
          <th scope="col" class="more">
            Kind
          </th>
          <th scope="col">In production</th>
          <th scope="col">Figure</th>
          <th scope="col" class="more number">
            Versions
          </th>
          <th scope="col" class="more number">
            Its own
          </th>
          <th scope="col" class="more number">
            Shared
          </th>
        </tr>
      </thead>
      <tbody>
        {store.contents.models.map((model) => (
          <Row key={model.name} model={model} store={store} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ model, store }: { model: StoredModel; store: StoreOverview }) {
  const production = model.aliases["production"]?.version ?? null;
  const newest = model.versions.at(-1);
  const facts = model.versions.find((each) => each.version === production) ?? newest;
  if (!facts) return null;
  const best = headline(facts, store.figures);
  const own = model.versions.reduce((sum, each) => sum + (each.own_bytes ?? 0), 0);
  return (
    <tr>
      <th scope="row">
        <a href={address("models", model.name)}>{model.name}</a>
        <span class="less small quiet">{KINDS[facts.kind ?? ""] ?? facts.kind}</span>
      </th>
      <td class="more">
        {KINDS[facts.kind ?? ""] ?? facts.kind ?? ""}
        {facts.labels ? <span class="quiet">, {facts.labels} labels</span> : ""}
      </td>
      <td>
        <Serving model={model} production={production} serving={store.serving[model.name]} />
        {facts.error && <span class="tag bad">unreadable</span>}
      </td>
      <td>
        {best && (
          <span title={best.name.meaning}>
            <b class="numbers">{best.text}</b>{" "}
            <span class="small quiet">{best.name.title.toLowerCase()}</span>
          </span>
        )}
      </td>
      <td class="more number">{model.versions.length}</td>
      <td class="more number">{bytes(own)}</td>
      <td class="more number">{bytes((facts.bytes ?? 0) - (facts.own_bytes ?? 0))}</td>
    </tr>
  );
}

function Serving({
  model,
  production,
  serving,
}: {
  model: StoredModel;
  production: string | null;
  serving: string | undefined;
}) {
  if (model.error) return <span class="tag bad">aliases unreadable</span>;
  if (production === null) return <span class="tag">not in production</span>;
  const late = serving !== undefined && serving !== production;
  return (
    <>
      <span class="numbers version">{production}</span>{" "}
      {serving === undefined && <span class="tag warn">not served here</span>}
      {late && <span class="tag warn">still serving {serving}</span>}
      {production !== model.versions.at(-1)?.version && <span class="tag">newer ones exist</span>}
    </>
  );
}
