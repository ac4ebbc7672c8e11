import "./models.css";
import { PageHead } from "../../components/PageHead";
import { ProblemNotice } from "../../components/ProblemNotice";
import { address, route } from "../../shell/route";
import { Bar } from "./Bar";
import { ModelList } from "./ModelList";
import { ModelPage } from "./ModelPage";
import { useRead } from "./read";
import { readMemory, readStore, type StoreOverview } from "./store";
import { bytes, counted, memoryParts, processWords } from "./words";

export default function Models() {
  const store = useRead("store", readStore);
  const [name, version] = route.value.rest;
  const model = store.value?.contents.models.find((each) => each.name === name);
  if (store.value && model) {
    return (
      <ModelPage
        key={model.name}
        model={model}
        asked={version ?? null}
        store={store.value}
        onChange={store.again}
      />
    );
  }
  return (
    <>
      <PageHead title="Models" summary="Every model and version in the store." />
      <div class="page-body models-body">
        {store.problem && <ProblemNotice problem={store.problem} onRetry={store.again} />}
        {!store.value && !store.problem && <p class="quiet">Looking into the store …</p>}
        {store.value && name !== undefined && (
          <div class="notice warn" role="status">
            The store has no model “{name}”. <a href={address("models")}>All models</a>
          </div>
        )}
        {store.value && <Overview store={store.value} />}
      </div>
    </>
  );
}

function Overview({ store }: { store: StoreOverview }) {
  const { models } = store.contents;
  if (models.length === 0) {
    return (
      <div class="empty">
        <h2>The store is empty</h2>
        <p>
          <code>cuebox train</code> makes a model and puts it there; <code>cuebox demo</code> brings
          some to begin with.
        </p>
      </div>
    );
  }
  return (
    <>
      <Size store={store} />
      <ModelList store={store} />
      <InMemory />
    </>
  );
}

function Size({ store }: { store: StoreOverview }) {
  const { models, bytes: held, unshared_bytes: unshared } = store.contents;
  const versions = models.reduce((sum, model) => sum + model.versions.length, 0);
  return (
    <p class="quiet">
      {counted(models.length, "model")} in {counted(versions, "version")}, {bytes(held)} in all
      {unshared > held * 1.02 ? `; without what they share it would be ${bytes(unshared)}.` : "."}
    </p>
  );
}

function InMemory() {
  const memory = useRead("memory", readMemory);
  if (!memory.value) return null;
  const { total, parts } = memoryParts(memory.value);
  return (
    <section class="card" aria-labelledby="models-memory">
      <h2 id="models-memory">
        Memory in use <span class="quiet numbers">{bytes(total)}</span>
      </h2>
      <Bar parts={parts} total={total} />
      <p class="small quiet">
        {processWords(memory.value)} An encoder or language model is loaded once, however many
        models read through it.
      </p>
    </section>
  );
}
