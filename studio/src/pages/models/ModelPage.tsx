import { useState } from "preact/hooks";
import { SelectField } from "../../components/Field";
import { PageHead } from "../../components/PageHead";
import { ProblemNotice } from "../../components/ProblemNotice";
import { address } from "../../shell/route";
import { AliasHistory } from "./AliasHistory";
import { CardView } from "./CardView";
import { PromoteDialog } from "./PromoteDialog";
import { useRead } from "./read";
import { readCard, readHistory, type StoredModel, type StoreOverview } from "./store";
import { aliasesOf, counted, headline, KINDS } from "./words";

/** One model: a version's card, and where its aliases have been. */
export function ModelPage({
  model,
  asked,
  store,
  onChange,
}: {
  model: StoredModel;
  asked: string | null;
  store: StoreOverview;
  onChange: () => void;
}) {
  const [promoting, setPromoting] = useState(false);
  const production = model.aliases["production"]?.version ?? null;
  const wanted = asked ?? production ?? model.versions.at(-1)?.version ?? "";
  const facts = model.versions.find((each) => each.version === wanted);
  const readable = facts !== undefined && !facts.error;
  const card = useRead(
    `${model.name} ${wanted}`,
    readable ? () => readCard(model.name, wanted) : null,
  );
  const history = useRead(`${model.name} history`, () => readHistory(model.name));
  const done = () => {
    setPromoting(false);
    history.again();
    onChange();
  };
  const past = history.value && <AliasHistory history={history.value} />;
  return (
    <>
      <p class="models-back">
        <a href={address("models")}>All models</a>
      </p>
      <PageHead title={model.name} summary={KINDS[facts?.kind ?? ""] ?? facts?.kind ?? ""}>
        {readable && wanted !== production && (
          <button class="button" type="button" onClick={() => setPromoting(true)}>
            Put into production
          </button>
        )}
      </PageHead>
      <div class="page-body models-body">
        <Pick model={model} wanted={wanted} store={store} />
        {!facts && (
          <div class="notice warn" role="status">
            {model.name} has no version {wanted}; it has {counted(model.versions.length, "other")}.
          </div>
        )}
        {facts?.error && <div class="notice bad">{facts.error}</div>}
        {card.problem && <ProblemNotice problem={card.problem} onRetry={card.again} />}
        {card.value && <CardView card={card.value}>{past}</CardView>}
        {readable && !card.value && !card.problem && <p class="quiet">Reading the card …</p>}
        {!card.value && past}
      </div>
      {promoting && (
        <PromoteDialog
          model={model}
          version={wanted}
          onClose={() => setPromoting(false)}
          onDone={done}
        />
      )}
    </>
  );
}

/* Which version is looked at, and which aliases point at it. */
function Pick({
  model,
  wanted,
  store,
}: {
  model: StoredModel;
  wanted: string;
  store: StoreOverview;
}) {
  const aliases = aliasesOf(model, wanted);
  return (
    <div class="models-pick">
      <SelectField
        label="Version"
        value={wanted}
        options={model.versions.toReversed().map((each) => ({
          value: each.version,
          label: versionLabel(model, each.version, store),
        }))}
        onChange={(value) => {
          location.hash = address("models", model.name, value);
        }}
      />
      <p class="models-tags">
        {aliases.map((alias) => (
          <span key={alias} class="tag good">
            {alias}
          </span>
        ))}
        {store.serving[model.name] === wanted && <span class="tag accent">served here</span>}
        {aliases.length === 0 && <span class="tag">no alias</span>}
      </p>
    </div>
  );
}

function versionLabel(model: StoredModel, version: string, store: StoreOverview): string {
  const facts = model.versions.find((each) => each.version === version);
  const best = facts && headline(facts, store.figures);
  const aliases = aliasesOf(model, version);
  return [
    version,
    ...(best ? [best.text] : []),
    ...(aliases.length ? [aliases.join(", ")] : []),
  ].join(" · ");
}
