"""What is served against PyTorch, for every architecture and option that is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cuebox.core.decoder import DECODER_TOKENIZER_FILE, DECODER_WEIGHTS_FILE
from cuebox.engines.opener import DecoderOpener
from cuebox.engines.settings import DecoderSettings
from cuebox.training.decoder_export import export_decoder
from cuebox.training.decoder_parity import check_equal, compare_decoders
from cuebox.training.decoder_reader import DecoderReader
from cuebox.training.decoder_source import open_decoder_source
from cuebox.training.decoder_torch import TorchDecoder
from tests.fakes.decoder_checkpoint import GPT2, LLAMA, write_checkpoint

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("torch")
pytest.importorskip("transformers")

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
VARIANTS: dict[str, dict[str, Any]] = {
    "gpt2": GPT2,
    "gpt2, own output and inner width": GPT2 | {"tie_word_embeddings": False, "n_inner": 96},
    "llama": LLAMA,
    "llama, as many kv heads": LLAMA | {"num_key_value_heads": 4},
    "llama, wide heads": LLAMA | {"head_dim": 32},
    "llama, biases": LLAMA | {"attention_bias": True, "mlp_bias": True},
    "llama, own output": LLAMA | {"tie_word_embeddings": False},
    "llama, another theta": LLAMA | {"rope_theta": 500_000.0, "rms_norm_eps": 1e-3},
    "llama 3": LLAMA | {"rope_theta": 500_000.0, "rope_scaling": LLAMA3},
    "llama 3, as transformers 5 writes it": LLAMA
    | {"rope_parameters": LLAMA3 | {"rope_theta": 500_000.0}},
}


@pytest.mark.parametrize("variant", list(VARIANTS))
def test_float32_is_what_torch_computes(variant: str, tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "checkpoint", VARIANTS[variant])
    spec = export_decoder(
        open_decoder_source(str(tmp_path / "checkpoint")), tmp_path, quantization="float32"
    )
    opener = DecoderOpener(DecoderSettings(threads=1, exact=True))
    _, model = opener(spec, tmp_path / DECODER_WEIGHTS_FILE, tmp_path / DECODER_TOKENIZER_FILE)
    judge = TorchDecoder(tmp_path / "checkpoint")
    written = [judge.greedy([5, 17, 200, 40 + at], 24) for at in range(2)]
    assert written[0][4:] != written[1][4:]
    agreement = compare_decoders(judge, DecoderReader(model), written, names=("torch", "float32"))
    model.close()
    check_equal(agreement)
    assert agreement.same_first == 1
    assert agreement.largest_difference < 1e-4
