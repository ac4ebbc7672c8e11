import { useEffect, useRef, useState } from "preact/hooks";
import { SelectField } from "../../components/Field";
import { PageHead } from "../../components/PageHead";
import { ProblemNotice } from "../../components/ProblemNotice";
import { address } from "../../shell/route";
import { AliasHistory } from "./AliasHistory";
import { CardView } from "./CardView";
import { MoveDialog } from "./MoveDialog";
import { outcome } from "./moving";
import { useRead } from "./read";
import {
  type Move,
  readCard,
  readHistory,
  type StoredModel,
  type StoreOverview,
  type VersionFacts,
} from "./store";
import { aliasesOf, counted, headline, KINDS } from "./words";

const OTHERS_LOOK = 1500;

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
  const [moving, setMoving] = useState<Move | null>(null);
  const [told, setTold] = useState<{ words: string; bad: string } | null>(null);
  // What is looked at stays in sight, wherever its alias is moved meanwhile.
  const [first] = useState(
    model.aliases["production"]?.version ?? model.versions.at(-1)?.version ?? "",
  );
  const wanted = asked ?? first;
  const facts = model.versions.find((each) => each.version === wanted);
  const readable = facts !== undefined && !facts.error;
  const card = useRead(
    `${model.name} ${wanted}`,
    readable ? () => readCard(model.name, wanted) : null,
  );
  const reading = readable && !card.value && !card.problem;
  const history = useRead(`${model.name} history`, () => readHistory(model.name));
  // Also when nothing was moved: somebody else may have been faster.
  const closed = () => {
    setMoving(null);
    history.again();
    onChange();
  };
  const past = history.value ? (
    <AliasHistory history={history.value} onMove={setMoving} />
  ) : (
    history.problem && <ProblemNotice problem={history.problem} onRetry={history.again} />
  );
  return (
    <>
      <p class="models-back">
        <a href={address("models")}>All models</a>
      </p>
      <PageHead title={model.name} summary={kindOf(facts)}>
        {readable && <Promote model={model} wanted={wanted} onMove={setMoving} />}
      </PageHead>
      <div class="page-body models-body">
        {told && <Told told={told} />}
        <Pick model={model} wanted={wanted} store={store} />
        <Unreadable model={model} wanted={wanted} facts={facts} />
        {card.problem && <ProblemNotice problem={card.problem} onRetry={card.again} />}
        {card.value && <CardView card={card.value}>{past}</CardView>}
        {reading && <p class="quiet">Reading the card …</p>}
        {/* Not before the card is there: whoever is at it would lose it to another place. */}
        {!card.value && !reading && past}
      </div>
      {moving && (
        <MoveDialog
          model={model.name}
          move={moving}
          onClose={closed}
          onDone={(moved) => {
            setTold(outcome(model.name, moving, moved));
            closed();
            // The other workers of a server look at the store within a second.
            setTimeout(onChange, OTHERS_LOOK);
          }}
        />
      )}
    </>
  );
}

function kindOf(facts: VersionFacts | undefined): string {
  const kind = facts?.kind ?? "";
  return KINDS[kind] ?? kind;
}

function Promote({
  model,
  wanted,
  onMove,
}: {
  model: StoredModel;
  wanted: string;
  onMove: (move: Move) => void;
}) {
  const record = model.aliases["production"];
  const from = record?.version ?? null;
  if (from === wanted || model.error) return null;
  const promotion: Move = {
    kind: "promote",
    alias: "production",
    from,
    to: wanted,
    expected: record?.number ?? 0,
  };
  return (
    <button class="button" type="button" onClick={() => onMove(promotion)}>
      Put into production
    </button>
  );
}

/* What of this model or version cannot be read, or is not there. */
function Unreadable({
  model,
  wanted,
  facts,
}: {
  model: StoredModel;
  wanted: string;
  facts: VersionFacts | undefined;
}) {
  return (
    <>
      {model.error && <div class="notice bad">{model.error}</div>}
      {!facts && (
        <div class="notice warn" role="status">
          {model.name} has no version {wanted}; it has {counted(model.versions.length, "other")}.
        </div>
      )}
      {facts?.error && <div class="notice bad">{facts.error}</div>}
    </>
  );
}

/* What became of a move; the button that was pressed may be gone, so the focus comes here. */
function Told({ told }: { told: { words: string; bad: string } }) {
  const notice = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: anew for every move
  useEffect(() => notice.current?.focus(), [told]);
  return (
    <div ref={notice} class={`notice ${told.bad ? "bad" : "good"}`} role="status" tabIndex={-1}>
      {told.words} {told.bad}
    </div>
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
