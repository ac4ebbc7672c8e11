"""The whole path: checkpoint, parity, goldens, confidence, card, store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest

from cuebox.core.errors import DataError, InvalidRequest, ModelError, ParityError
from cuebox.core.generation import Choice, Completed, Usage
from cuebox.core.manifest import Golden, Provenance
from cuebox.kinds.completion import KIND
from cuebox.kinds.completion.corpus import Document, Turn
from cuebox.kinds.completion.engine import Engine
from cuebox.kinds.completion.export import Known, export, publish
from cuebox.kinds.completion.export_settings import CompletionExportSettings
from cuebox.kinds.completion.held_out_file import read_golden_texts, read_held_out
from cuebox.store.opening import open_store
from cuebox.training.decoder_reader import DecoderReader
from tests.fakes.decoder_checkpoint import GPT2, LLAMA, write_checkpoint
from tests.fakes.numpy_decoder import open_numpy_decoder

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from pathlib import Path

    from cuebox.core.decoder import DecoderSpec
    from cuebox.core.generation import Delta, GenerateRequest
    from cuebox.core.ports import OpenGenerator

TEXT = "I would like to cancel my order, please. Could you tell me where the station is? " * 6
HELD_OUT = [Document("one", "test", (Turn("text", TEXT),))]


class Same:
    """A generator that always says the same."""

    def __init__(self, spec: DecoderSpec) -> None:
        self.spec = spec
        self.released = False

    async def stream(self, request: GenerateRequest) -> AsyncGenerator[Delta | Completed, None]:
        del request
        yield Completed(
            choices=[Choice(index=0, text=" you", finish_reason="stop", score=-0.5, tokens=1)],
            usage=Usage(prompt_tokens=1, completion_tokens=1, cached_tokens=0),
            queue_ms=0,
            first_token_ms=0,
            total_ms=0,
            steps=1,
        )

    def logprobs(self, prompt: str | Sequence[int]) -> list[float]:
        raise NotImplementedError

    def release(self) -> None:
        self.released = True


def same(spec: DecoderSpec, weights: Path, tokenizer: Path) -> Same:
    assert weights.exists()
    assert tokenizer.exists()
    return Same(spec)


def never(spec: DecoderSpec, weights: Path, tokenizer: Path) -> Same:
    raise AssertionError("nothing was held out")


def engine_with(open_generator: OpenGenerator) -> Engine:
    return Engine(
        open_decoder=open_numpy_decoder,
        open_exact=open_numpy_decoder,
        open_generator=open_generator,
    )


@pytest.fixture
def checkpoint(tmp_path: Path) -> str:
    write_checkpoint(tmp_path / "checkpoint", GPT2)
    return str(tmp_path / "checkpoint")


def settings_of(source: str, **changes: Any) -> CompletionExportSettings:
    return CompletionExportSettings(
        **{
            "source": source,
            "reference": "float32",
            "tokens": 256,
            "places": 20,
            "license": "MIT",
            **changes,
        }
    )


@pytest.mark.parametrize("quantization", ["int8", "int4"])
def test_what_is_published_can_be_served_and_repeats_its_goldens(
    quantization: str, checkpoint: str, tmp_path: Path
) -> None:
    settings = settings_of(checkpoint, quantization=quantization, max_growth=1.0)
    known = Known(held_out=HELD_OUT, description="Says little.", metrics={"exact_match_1": 0.25})
    exported = export("tiny", settings, tmp_path / "out", engine_with(same), known=known)
    [agreement] = exported.parity
    assert (agreement.reference, agreement.candidate) == ("float32", f"served {quantization}")
    assert 0 < agreement.divergence < 1

    store = open_store(tmp_path / "store", cache_dir=tmp_path / "cache")
    manifest = publish(exported, store)
    store.verify("tiny", manifest.version)
    assert manifest.kind == "completion"
    spec = manifest.decoder
    assert spec is not None
    assert spec.quantization == quantization
    assert manifest.metrics["perplexity"] == pytest.approx(agreement.perplexity, abs=1e-3)
    assert manifest.metrics["exact_match_1"] == 0.25

    predictor = KIND.load(manifest, lambda path: store.read(manifest.files[path]))
    assert predictor.min_score(0.5, "sentence") == pytest.approx(-0.5)
    tokenizer, model = open_numpy_decoder(
        spec, store.fetch(spec.weights), store.fetch(spec.tokenizer)
    )
    goldens = msgspec.json.decode(store.read(manifest.files["goldens.json"]), type=list[Golden])
    assert len(goldens) >= 8
    for golden in goldens:
        predictor.check(golden, DecoderReader(model).logprobs(tokenizer.encode(golden.input)))

    card = store.read(manifest.files["card.md"]).decode()
    for shown in (
        "# tiny",
        "Says little.",
        "| licence | MIT |",
        f"served {quantization} against float32",
        "| 5% of places | -0.50 |",
        "exact_match_1",
    ):
        assert shown in card


def test_goldens_of_ones_own_are_recorded(checkpoint: str, tmp_path: Path) -> None:
    known = Known(goldens=["x", "My own text.", "long " * 200])
    export("tiny", settings_of(checkpoint), tmp_path, engine_with(never), known=known)
    goldens = msgspec.json.decode((tmp_path / "goldens.json").read_bytes(), type=list[Golden])
    assert goldens[0].input == "My own text.", "a single token says nothing"
    assert goldens[1].input.startswith("long long")
    assert len(goldens[1].expected) < 64
    assert all(np.isfinite(golden.expected).all() for golden in goldens)


def test_loss_beyond_the_limit_is_not_exported(tmp_path: Path) -> None:
    # Chance decides what a random model loses; this one loses 7 %.
    write_checkpoint(tmp_path / "checkpoint", GPT2, seed=5)
    settings = settings_of(str(tmp_path / "checkpoint"), quantization="int4", max_growth=0.02)
    with pytest.raises(ParityError, match=r"perplexity grows .* allowed is 2\.0%"):
        export("tiny", settings, tmp_path, engine_with(never))


def test_a_name_that_no_store_takes_is_refused_before_any_work(tmp_path: Path) -> None:
    settings = settings_of("/nowhere")
    with pytest.raises(InvalidRequest, match="not a name"):
        export("Not A Name", settings, tmp_path, engine_with(never))


def test_without_a_reference_nothing_is_compared(checkpoint: str, tmp_path: Path) -> None:
    settings = settings_of(checkpoint, reference="none")
    exported = export("tiny", settings, tmp_path, engine_with(never))
    assert exported.parity == []
    assert exported.manifest.metrics == {}
    assert exported.manifest.provenance.environment["numpy"]


def test_a_trained_models_own_origin_is_kept(checkpoint: str, tmp_path: Path) -> None:
    known = Known(provenance=Provenance(command="cuebox train writer.toml", data_digest="abc"))
    settings = settings_of(checkpoint, reference="none")
    exported = export("tiny", settings, tmp_path, engine_with(never), known=known)
    assert exported.manifest.provenance.data_digest == "abc"
    assert "`cuebox train writer.toml`" in (tmp_path / "card.md").read_text()


def test_held_out_files(tmp_path: Path) -> None:
    book = tmp_path / "book.txt"
    book.write_text("A whole book.\n", encoding="utf-8")
    assert [each.turns[0].text for each in read_held_out(book, "text")] == ["A whole book.\n"]
    talk = tmp_path / "talk.jsonl"
    rows = [
        {"conversation": "a", "role": "user", "text": "Hi", "split": "train"},
        {"conversation": "b", "role": "user", "text": "Hello", "split": "test"},
        {"conversation": "b", "role": "agent", "text": "How may I help?", "split": "test"},
    ]
    talk.write_bytes(b"\n".join(map(msgspec.json.encode, rows)))
    [document] = read_held_out(talk, "conversations")
    assert [turn.role for turn in document.turns] == ["user", "agent"]
    talk.write_bytes(msgspec.json.encode(rows[0]))
    with pytest.raises(DataError, match="every row is of the split 'train'"):
        read_held_out(talk, "conversations")
    with pytest.raises(DataError, match=r"absent\.txt"):
        read_held_out(tmp_path / "absent.txt", "text")


def test_golden_files(tmp_path: Path) -> None:
    lines = tmp_path / "goldens.txt"
    lines.write_text("one\n\ntwo\n", encoding="utf-8")
    assert read_golden_texts(lines) == ["one", "two"]
    listed = tmp_path / "goldens.json"
    listed.write_text('["a\\nb", "c"]', encoding="utf-8")
    assert read_golden_texts(listed) == ["a\nb", "c"]
    listed.write_text("[1]", encoding="utf-8")
    with pytest.raises(DataError, match=r"goldens\.json"):
        read_golden_texts(listed)
    lines.write_text("\n", encoding="utf-8")
    with pytest.raises(DataError, match="no golden text"):
        read_golden_texts(lines)


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("config", [GPT2, LLAMA])
def test_the_checkpoint_itself_is_the_judge_where_torch_is_installed(
    config: dict[str, Any], tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    write_checkpoint(tmp_path / "checkpoint", config)
    source = str(tmp_path / "checkpoint")
    settings = settings_of(source, reference="auto", max_growth=1.0)
    exported = export("tiny", settings, tmp_path, engine_with(never))
    exact, served = exported.parity
    assert (exact.reference, exact.candidate) == ("torch", "float32")
    assert exact.largest_difference < 1e-3
    assert (served.reference, served.candidate) == ("float32", "served int8")
    settings = settings_of(source, reference="torch", quantization="float32")
    exact, served = export("tiny", settings, tmp_path, engine_with(never)).parity
    assert (exact.reference, exact.candidate) == ("torch", "float32")
    assert served.growth == 0


def test_torch_cannot_judge_what_it_cannot_read(tmp_path: Path) -> None:
    from tests.unit.training.test_decoder_llama2c import write_model

    settings = settings_of(str(write_model(tmp_path)), reference="torch")
    with pytest.raises(ModelError, match=r"does not read llama2\.c files"):
        export("tiny", settings, tmp_path / "out", engine_with(never))
