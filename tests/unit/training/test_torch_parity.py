"""The graph against PyTorch, for every architecture that it knows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from cuebox.engines.opener import EncoderOpener
from cuebox.engines.settings import EngineSettings
from cuebox.training.encoder_source import EncoderSource, from_module
from cuebox.training.encoder_weights import read_weights
from cuebox.training.export_encoder import MODEL_FILE, TOKENIZER_FILE, export_encoder
from cuebox.training.parity import embed_with

if TYPE_CHECKING:
    from pathlib import Path

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

SMALL: dict[str, Any] = {
    "vocab_size": 1200,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 40,
}
CONFIGS = {
    "bert": lambda: transformers.BertConfig(**SMALL),
    "bert-tanh": lambda: transformers.BertConfig(**SMALL, hidden_act="gelu_new"),
    "roberta": lambda: transformers.RobertaConfig(**SMALL, type_vocab_size=1),
    "xlm-roberta": lambda: transformers.XLMRobertaConfig(**SMALL, type_vocab_size=1),
    "distilbert": lambda: transformers.DistilBertConfig(
        vocab_size=1200, dim=32, n_layers=2, n_heads=4, hidden_dim=64, max_position_embeddings=40
    ),
}
TEXTS = ["where is my card", "hi", "i want to book a flight to london for two people please"]


@pytest.mark.parametrize("architecture", list(CONFIGS))
def test_a_live_module_is_exported_exactly(
    architecture: str, tmp_path: Path, tiny_tokenizer: str
) -> None:
    torch.manual_seed(0)
    module = transformers.AutoModel.from_config(CONFIGS[architecture]()).eval()
    for parameter in module.parameters():  # initial biases are zero and would hide a mix-up
        torch.nn.init.normal_(parameter, std=0.2)
    tensors = {name: value.numpy() for name, value in module.state_dict().items()}
    base = EncoderSource(
        weights=read_weights(module.config.to_dict(), tensors),
        tokenizer_json=tiny_tokenizer,
        pooling="mean",
        normalize=True,
        max_tokens=32,
        origin=architecture,
    )
    with torch.no_grad():
        next(module.parameters()).mul_(1.5)
    source = from_module(module, replace(base, origin="fine-tuned"))
    spec = export_encoder(source, tmp_path, quantization="float32")
    tokenizer, encoder = EncoderOpener(EngineSettings(cache_dir=""))(
        spec, tmp_path / MODEL_FILE, tmp_path / TOKENIZER_FILE
    )
    exported = embed_with(tokenizer, encoder)(TEXTS, 3)
    expected = []
    for text in TEXTS:
        with torch.inference_mode():
            states = module(torch.tensor([list(tokenizer.encode(text).ids)])).last_hidden_state
        pooled = states[0].mean(dim=0)
        expected.append((pooled / pooled.norm()).numpy())
    np.testing.assert_allclose(exported, np.asarray(expected), atol=1e-5)
