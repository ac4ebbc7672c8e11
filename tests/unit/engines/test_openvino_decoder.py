"""Decoders on OpenVINO: every architecture and quantisation, limits, and what is given back."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from cuebox.core.decoder import RopeScaling
from cuebox.core.errors import ConfigError, ModelError, Unavailable
from cuebox.engines.decoder_weights import DecoderWeights
from cuebox.engines.opener import DecoderOpener
from cuebox.engines.openvino_decoder import OpenVinoDecoder
from cuebox.engines.settings import DecoderSettings
from tests.fakes.decoder_files import tiny_decoder
from tests.fakes.reference_decoder import ReferenceDecoder
from tests.fakes.sequences import Part, step_batch

TEXT = np.random.default_rng(3).integers(0, 320, 70).tolist()
STRETCHED = RopeScaling(factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_context=64)


def _open(
    folder: Path, *, exact: bool = True, kv_cache_mb: int = 8, **about: Any
) -> tuple[OpenVinoDecoder, ReferenceDecoder]:
    spec, weights, _ = tiny_decoder(folder, **about)
    settings = DecoderSettings(exact=exact, kv_cache_mb=kv_cache_mb)
    decoder = OpenVinoDecoder(spec, DecoderWeights(weights), settings)
    return decoder, ReferenceDecoder(spec, weights)


def _logits(decoder: OpenVinoDecoder, text: list[int]) -> np.ndarray[Any, Any]:
    return decoder.step(step_batch(Part(text, 0, [4, 2, 3]), sample=range(len(text)))).copy()


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("quantization", ["float32", "int8", "int4"])
@pytest.mark.parametrize("architecture", ["gpt2", "llama"])
def test_exact_logits_are_those_of_numpy(
    tmp_path: Path, architecture: str, quantization: str, tied: bool
) -> None:
    decoder, reference = _open(
        tmp_path, architecture=architecture, quantization=quantization, tied=tied
    )
    np.testing.assert_allclose(_logits(decoder, TEXT), reference.logits(TEXT), atol=1e-4)


@pytest.mark.parametrize(
    "about",
    [
        {"hidden": 64, "heads": 8, "kv_heads": 4, "inner": 172},  # heads of 8, as in stories260k
        {"hidden": 80, "heads": 4, "kv_heads": 1},  # heads of 20
        {"hidden": 60, "heads": 2, "kv_heads": 2},  # heads of 30
        {"rope_scaling": STRETCHED},
        {"vocab": 331, "layers": 1},
        {"quantization": "int4", "group": 16, "hidden": 48, "inner": 80},
    ],
)
def test_uncommon_shapes(tmp_path: Path, about: dict[str, Any]) -> None:
    decoder, reference = _open(tmp_path, **about)
    np.testing.assert_allclose(_logits(decoder, TEXT), reference.logits(TEXT), atol=1e-4)


@pytest.mark.parametrize("quantization", ["float32", "int8", "int4"])
@pytest.mark.parametrize("architecture", ["gpt2", "llama"])
def test_served_logits_are_close(tmp_path: Path, architecture: str, quantization: str) -> None:
    decoder, reference = _open(
        tmp_path, architecture=architecture, quantization=quantization, exact=False
    )
    found, expected = _logits(decoder, TEXT), reference.logits(TEXT)
    allowed = 0.01 if quantization == "float32" else 0.05
    assert np.abs(found - expected).mean() < allowed * expected.std()


def test_a_text_over_the_context_is_refused(tmp_path: Path) -> None:
    decoder, _ = _open(tmp_path, context=64)
    blocks = [0, 1, 2]
    decoder.step(step_batch(Part(TEXT[:63], 0, blocks)))
    decoder.step(step_batch(Part(TEXT[:1], 63, blocks)))
    with pytest.raises(ModelError, match="65 tokens: this decoder's context is 64"):
        decoder.step(step_batch(Part(TEXT[:1], 64, blocks)))


def test_room_for_less_than_one_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"kv_cache_mb is 1: .* takes 2;") as caught:
        _open(tmp_path, kv_cache_mb=1, context=2048)
    assert caught.value.param == "decoder.kv_cache_mb"
    decoder, _ = _open(tmp_path, kv_cache_mb=2, context=2048)
    assert decoder.blocks * decoder.block_size >= 2048


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"layers": 3}, "lacks the tensor layers.2.attention_norm.weight"),
        ({"layers": 1}, "hold layers.1.attention_norm.weight, which a llama decoder"),
        ({"vocab": 330}, r"embed of .* is I8 \[320, 64\]: expected int8 \[330, 64\]"),
        ({"vocab": 300}, r"tokenizer\.json has the token .* the model has 300 rows"),
        ({"quantization": "float32"}, "embed of .* is I8 .*: expected float32"),
        ({"quantization": "int4", "group": 32}, "layers.0.qkv.weight of .* is I8"),
        ({"quantization": "int4", "group": 24}, "groups of 24 do not divide"),
        ({"tied": False}, "lacks the tensor output"),
        ({"architecture": "gpt2"}, "lacks the tensor positions"),
        ({"heads": 3}, "3 heads of 16 cannot share 2 heads"),
        ({"layers": 0}, "0 layers"),
        ({"kv_heads": 0}, "0 kv_heads"),
    ],
)
def test_weights_of_another_spec_are_refused(
    tmp_path: Path, wrong: dict[str, Any], named: str
) -> None:
    spec, weights, tokenizer = tiny_decoder(tmp_path)
    with pytest.raises(ModelError, match=named):
        DecoderOpener()(msgspec.structs.replace(spec, **wrong), weights, tokenizer)


def test_a_closed_decoder_says_so(tmp_path: Path) -> None:
    decoder, _ = _open(tmp_path)
    decoder.close()
    with pytest.raises(Unavailable, match="closed"):
        decoder.step(step_batch(Part(TEXT, 0, [0, 1, 2])))
    with pytest.raises(Unavailable, match="closed"):
        decoder.copy_block(0, 1)
    decoder.close()


def test_closing_gives_the_memory_back(tmp_path: Path) -> None:
    spec, weights, _ = tiny_decoder(tmp_path, hidden=256, inner=1024, layers=4, vocab=2048)

    def used_after(rounds: int) -> int:
        """KiB that only this process holds."""
        for _ in range(rounds):
            settings = DecoderSettings(kv_cache_mb=64)
            decoder = OpenVinoDecoder(spec, DecoderWeights(weights), settings)
            decoder.step(step_batch(Part(TEXT, 0, [0, 1, 2])))
            for block in range(decoder.blocks):
                decoder.copy_block(0, block)
            decoder.close()
        status = Path("/proc/self/status").read_text()
        lines = dict(line.split(":", 1) for line in status.splitlines())
        return sum(int(lines[name].split()[0]) for name in ("RssAnon", "RssShmem"))

    settled = used_after(3)
    assert used_after(6) - settled < 16 << 10  # each held 64 MB of blocks and 4 MB of weights


def test_other_threads_run_during_a_step(tmp_path: Path) -> None:
    decoder, _ = _open(tmp_path, hidden=256, inner=1024, layers=4, context=1024)
    batch = step_batch(Part(TEXT * 10, 0, range(22)))
    done, counted = threading.Event(), 0

    def count() -> None:
        nonlocal counted
        while not done.is_set():
            counted += 1
            time.sleep(0)

    before = sys.getswitchinterval()
    sys.setswitchinterval(60)  # the interpreter is only ever handed over on purpose
    thread = threading.Thread(target=count)
    try:
        thread.start()
        during = 0
        for _ in range(5):
            start = counted
            decoder.step(batch)
            during += counted - start
    finally:
        done.set()
        sys.setswitchinterval(before)
        thread.join()
    assert during > 0
