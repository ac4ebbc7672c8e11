from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest

from cuebox.core.errors import Conflict, ModelError, ParityError
from cuebox.core.manifest import EncoderSpec, Golden, Manifest
from cuebox.core.types import ClassifyOptions
from cuebox.kinds.classifier import KIND
from cuebox.kinds.classifier.champion import Champion, find_champion
from cuebox.kinds.classifier.export import check_parity
from cuebox.kinds.classifier.pipeline import Built, build, publish
from cuebox.kinds.classifier.settings import ClassifierSettings, parse_classifier_settings
from cuebox.reports.classification_report import ClassificationReport
from cuebox.store import open_store
from cuebox.training.progress import SilentProgress

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.core.ports import EmbedTexts, ModelStore

Build = Callable[..., Built]


class OneEncoder:
    """The same encoder whatever is asked for."""

    def __init__(self, embed: EmbedTexts) -> None:
        self._embed = embed

    def stored(self, reference: str) -> EmbedTexts:
        return self._embed

    def exported(self, spec: EncoderSpec, model: Path, tokenizer: Path) -> EmbedTexts:
        return self._embed


def settings_for(path: Path, source: dict[str, Any], **extra: Any) -> ClassifierSettings:
    document = {
        "name": "intents",
        "encoder": "words",
        "head": {"hidden": [16], "noise": [0.3]},
        "learning_curve": {"shares": [0.5, 1.0]},
        "data": {"train": {"path": path.name, **source}},
        **extra,
    }
    return parse_classifier_settings(document, source="test")


@pytest.fixture
def single(single_tsv: Path) -> ClassifierSettings:
    return settings_for(single_tsv, {"split": "split"}, out_of_scope={"label": "oos"})


@pytest.fixture
def multi(multi_tsv: Path) -> ClassifierSettings:
    return settings_for(multi_tsv, {"label": "labels", "label_separator": "|"})


@pytest.fixture
def run_build(tmp_path: Path, embed: EmbedTexts) -> Build:
    def call(settings: ClassifierSettings, champion: Champion | None = None) -> Built:
        return build(
            settings,
            OneEncoder(embed),
            base=tmp_path,
            runs=tmp_path / "runs",
            progress=SilentProgress(),
            champion=champion,
        )

    return call


@pytest.fixture
def store(tmp_path: Path, embed: Any) -> ModelStore:
    opened = open_store(str(tmp_path / "store"))
    ref = opened.put_bytes(b"an encoder")
    embed.spec = msgspec.structs.replace(embed.spec, model=ref, tokenizer=ref)
    return opened


def test_a_single_label_classifier_from_file_to_answer(
    single: ClassifierSettings, run_build: Build, store: ModelStore, embed: EmbedTexts
) -> None:
    built = run_build(single)
    assert built.manifest.metrics["accuracy"] > 0.9
    assert built.manifest.metrics["out_of_scope_auroc"] > 0.8
    manifest, promoted = publish(built, store)
    assert promoted
    loaded = KIND.load(manifest, lambda name: store.read(manifest.files[name]))
    texts = ["please rain storm now", "my guitar album", "quark lemma axiom tensor"]
    bank = KIND.bank([loaded])
    rows = bank.classify(embed(texts, loaded.text), ["intents"], ClassifyOptions())
    assert [row[0].labels[0].label for row in rows[:2]] == ["weather", "music"]
    assert [row[0].out_of_scope for row in rows] == [False, False, True]
    assert rows[0][0].version == manifest.version


def test_a_multi_label_classifier_gives_each_label_on_its_own(
    multi: ClassifierSettings, run_build: Build, store: ModelStore, embed: EmbedTexts
) -> None:
    built = run_build(multi)
    assert built.manifest.metrics["micro_f1"] > 0.85
    manifest, _ = publish(built, store)
    loaded = KIND.load(manifest, lambda name: store.read(manifest.files[name]))
    texts = ["rain storm guitar album", "hotel ticket", "now please"]
    rows = KIND.bank([loaded]).classify(embed(texts, loaded.text), ["intents"], ClassifyOptions())
    found = [{label.label for label in row[0].labels} for row in rows]
    assert found == [{"weather", "music"}, {"travel"}, set()]


def test_a_version_keeps_what_it_was_made_from(
    single: ClassifierSettings, run_build: Build, store: ModelStore, embed: EmbedTexts
) -> None:
    manifest, _ = publish(run_build(single), store)
    assert {
        "encoder/model.onnx",
        "encoder/tokenizer.json",
        "head.safetensors",
        "config.toml",
        "metrics.json",
        "goldens.json",
        "learning_curve.json",
        "report.json",
        "report.html",
    } <= set(manifest.files)
    store.verify(manifest.name, manifest.version)

    def read(name: str) -> bytes:
        return store.read(manifest.files[name])

    config = tomllib.loads(read("config.toml").decode())
    assert parse_classifier_settings(config, source="config.toml") == single
    report = msgspec.json.decode(read("report.json"), type=ClassificationReport)
    assert report.scores["test"].rows == 80
    assert report.learning_curve is not None
    assert [trial.chosen for trial in report.search.trials].count(True) == 1 if report.search else 0
    assert manifest.provenance.data_digest
    goldens = msgspec.json.decode(read("goldens.json"), type=list[Golden])
    assert len(goldens) >= 20
    loaded = KIND.load(manifest, read)
    embeddings = embed([golden.input for golden in goldens], loaded.text)
    for golden, embedding in zip(goldens, embeddings, strict=True):
        loaded.check(golden, embedding)


def test_the_same_settings_and_data_give_the_same_head(
    single: ClassifierSettings, run_build: Build
) -> None:
    first, second = run_build(single), run_build(single)
    assert first.folder != second.folder
    name = "head.safetensors"
    assert first.manifest.files[name] == second.manifest.files[name]


def test_an_interrupted_training_does_not_repeat_finished_trials(
    single: ClassifierSettings, run_build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "cuebox.kinds.classifier.train"
    with monkeypatch.context() as patch:
        patch.setattr(f"{module}.choose", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            run_build(single)
    monkeypatch.setattr(
        "cuebox.kinds.classifier.search._held_out_logits",
        lambda *_: pytest.fail("a finished trial was repeated"),
    )
    assert run_build(single).run.resumed


def champion_of(store: ModelStore, embed: EmbedTexts) -> Champion:
    champion = find_champion(store, "intents", OneEncoder(embed))
    assert champion is not None
    return champion


def test_a_worse_version_is_published_but_not_promoted(
    single: ClassifierSettings, run_build: Build, store: ModelStore, embed: EmbedTexts
) -> None:
    good, _ = publish(run_build(single), store)
    limits = msgspec.structs.replace(single.gates, limits={"accuracy": 1.1})
    built = run_build(msgspec.structs.replace(single, gates=limits), champion_of(store, embed))
    assert not built.verdict.passed
    assert built.report.baseline_name == f"intents@{good.version}"
    bad, promoted = publish(built, store)
    assert not promoted
    assert store.versions("intents") == [good.version, bad.version]
    assert store.aliases("intents")["production"].version == good.version
    _, promoted = publish(built, store, promotion="yes")
    assert promoted
    assert "in spite of the gates" in store.aliases("intents")["production"].reason


def test_a_champion_that_changed_meanwhile_is_a_conflict(
    single: ClassifierSettings, run_build: Build, store: ModelStore
) -> None:
    built = run_build(single)
    publish(built, store)
    with pytest.raises(Conflict):
        publish(built, store, expected=0)


def test_a_champion_with_other_labels_is_judged_on_the_same_rows(
    single_tsv: Path,
    single: ClassifierSettings,
    run_build: Build,
    store: ModelStore,
    embed: EmbedTexts,
) -> None:
    source = {"split": "split", "where": {"label": ["weather", "music", "oos"]}}
    narrow = settings_for(single_tsv, source, out_of_scope={"label": "oos"})
    publish(run_build(narrow), store)
    built = run_build(single, champion_of(store, embed))
    assert built.champion_metrics is not None
    assert 0.5 < built.champion_metrics["accuracy"] <= 0.67
    assert built.verdict.passed


def test_another_kind_in_production_is_refused(store: ModelStore, embed: EmbedTexts) -> None:
    manifest = store.publish(Manifest(kind="encoder", name="intents", files={}))
    store.move_alias("intents", "production", manifest.version)
    with pytest.raises(ModelError, match="encoder"):
        find_champion(store, "intents", OneEncoder(embed))


def test_a_head_that_was_exported_wrong_is_not_let_out(
    single: ClassifierSettings, run_build: Build
) -> None:
    built = run_build(single)
    loaded = KIND.load(built.manifest, lambda name: (built.folder / name).read_bytes())
    loaded.head.bias[0] += np.float32(0.01)
    with pytest.raises(ParityError):
        check_parity(built.trained, KIND.bank([loaded]))
