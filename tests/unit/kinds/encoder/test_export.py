"""The whole path: checkpoint, parity, goldens, card, store."""

from __future__ import annotations

import runpy
from pathlib import Path

import msgspec
import pytest

from cuebox.core.errors import InvalidRequest, ParityError
from cuebox.core.manifest import Golden
from cuebox.core.types import TokenBatch
from cuebox.engines.opener import EncoderOpener
from cuebox.engines.settings import EngineSettings
from cuebox.kinds.encoder import KIND
from cuebox.kinds.encoder.export import export, publish
from cuebox.kinds.encoder.settings import EncoderExportSettings
from cuebox.store.opening import open_store
from cuebox.training.parity import ParityLimits

DATA = Path(__file__).parents[3] / "data"
OPENER = EncoderOpener(EngineSettings(cache_dir=""))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("tiny") / "checkpoint"
    runpy.run_path(str(DATA / "make_tiny_encoder.py"))["write_checkpoint"](folder)
    return str(folder)


def test_what_is_published_can_be_served_and_repeats_its_goldens(
    checkpoint: str, tmp_path: Path
) -> None:
    settings = EncoderExportSettings(source=checkpoint, reference="float32", license="MIT")
    exported = export("tiny", settings, tmp_path / "out", OPENER)
    store = open_store(tmp_path / "store", cache_dir=tmp_path / "cache")
    manifest = publish(exported, store)
    store.verify("tiny", manifest.version)
    assert manifest.encoder is not None
    assert manifest.metrics["parity_min"] > 0.97
    assert {"milliseconds_8_tokens", "milliseconds_32_tokens"} <= set(manifest.metrics)

    tokenizer, encoder = OPENER(
        manifest.encoder,
        store.fetch(manifest.encoder.model),
        store.fetch(manifest.encoder.tokenizer),
    )
    predictor = KIND.load(manifest, lambda path: store.read(manifest.files[path]))
    goldens = msgspec.json.decode(store.read(manifest.files["goldens.json"]), type=list[Golden])
    assert len(goldens) >= 8
    for golden in goldens:
        tokens = tokenizer.encode(predictor.prepare(golden.input))
        predictor.check(golden, encoder.run(TokenBatch.of([tokens.ids]))[0])
    card = store.read(manifest.files["card.md"]).decode()
    assert "# tiny" in card
    assert "| licence | MIT |" in card
    assert "int8 against float32" in card
    assert "batches of 7" in card


def test_a_result_below_the_limits_is_not_exported(checkpoint: str, tmp_path: Path) -> None:
    settings = EncoderExportSettings(
        source=checkpoint, reference="float32", limits=ParityLimits(mean=1.0, p1=1.0, min=1.0)
    )
    with pytest.raises(ParityError, match=r"int8 differs from float32 .* is under 1\.0"):
        export("tiny", settings, tmp_path, OPENER)


def test_a_name_that_no_store_takes_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="not a name"):
        export("Not A Name", EncoderExportSettings(source="/nowhere"), tmp_path, OPENER)


@pytest.mark.torch
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_the_checkpoint_itself_is_the_judge_where_torch_is_installed(
    checkpoint: str, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    settings = EncoderExportSettings(source=checkpoint, reference="torch")
    exported = export("tiny", settings, tmp_path, OPENER)
    exact, served = exported.parity
    assert (exact.reference, exact.candidate) == ("torch", "float32")
    assert exact.min > 0.9999
    assert (served.reference, served.candidate) == ("torch", "int8")
