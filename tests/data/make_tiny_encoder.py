"""Make `tiny_encoder/`: a real two-layer BERT, small enough to commit, quantised like a big one.

Its weights are random from a fixed seed, so its embeddings tell texts apart by their words but
know no meaning. Run from the repository root:  python tests/data/make_tiny_encoder.py
"""

from __future__ import annotations

import json
import re
import string
from collections import Counter
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import tokenizers
from safetensors.numpy import save_file

from cuebox.training.encoder_source import open_source
from cuebox.training.export_encoder import export_encoder

if TYPE_CHECKING:
    from numpy.typing import NDArray

CONFIG = {
    "model_type": "bert",
    "architectures": ["BertModel"],
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "max_position_embeddings": 64,
    "type_vocab_size": 2,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
    "pad_token_id": 0,
}
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = 1000


def vocabulary() -> list[str]:
    """Special tokens, every printable ASCII character (also inside words), frequent words."""
    text = files("cuebox.training").joinpath("sentences/parity.txt").read_text("utf-8").lower()
    counted = Counter(re.findall(r"[a-z]{2,}", text))
    frequent = [word for word, _ in sorted(counted.items(), key=lambda each: (-each[1], each[0]))]
    letters = string.ascii_lowercase + string.digits
    return [
        *SPECIAL,
        *letters,
        *string.punctuation,
        *(f"##{letter}" for letter in letters),
        *("##ed", "##ing", "##er", "##ly"),
        *frequent[:WORDS],
    ]


def tokenizer(words: list[str]) -> tokenizers.Tokenizer:
    """A WordPiece tokenizer; it pads to 128 like many published ones, which export undoes."""
    from tokenizers import models, normalizers, pre_tokenizers, processors

    made = tokenizers.Tokenizer(
        models.WordPiece({word: index for index, word in enumerate(words)}, unk_token="[UNK]")
    )
    made.add_special_tokens(SPECIAL)
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    made.enable_padding(length=128)
    made.enable_truncation(128)
    return made


def tensors(words: int) -> dict[str, NDArray[np.float32]]:
    """Random weights under the names of a Hugging Face `BertModel`."""
    random = np.random.default_rng(20261121)
    dim, inner = 64, 128

    def normal(*shape: int, scale: float) -> NDArray[np.float32]:
        return (random.standard_normal(shape) * scale).astype(np.float32)

    made = {
        "embeddings.word_embeddings.weight": normal(words, dim, scale=1.0),
        "embeddings.position_embeddings.weight": normal(64, dim, scale=0.1),
        "embeddings.token_type_embeddings.weight": normal(2, dim, scale=0.1),
        "embeddings.LayerNorm.weight": 1 + normal(dim, scale=0.1),
        "embeddings.LayerNorm.bias": normal(dim, scale=0.1),
    }
    for number in range(2):
        at = f"encoder.layer.{number}."
        shapes = {
            "attention.self.query": (dim, dim),
            "attention.self.key": (dim, dim),
            "attention.self.value": (dim, dim),
            "attention.output.dense": (dim, dim),
            "intermediate.dense": (inner, dim),
            "output.dense": (dim, inner),
        }
        for name, shape in shapes.items():
            made[f"{at}{name}.weight"] = normal(*shape, scale=shape[1] ** -0.5)
            made[f"{at}{name}.bias"] = normal(shape[0], scale=0.02)
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            made[f"{at}{name}.weight"] = 1 + normal(dim, scale=0.1)
            made[f"{at}{name}.bias"] = normal(dim, scale=0.1)
    return made


def write_checkpoint(folder: Path) -> None:
    """Write the checkpoint as a sentence-transformers folder."""
    words = vocabulary()
    (folder / "1_Pooling").mkdir(parents=True)
    made = tokenizer(words)
    settings = {
        "config.json": {**CONFIG, "vocab_size": len(words)},
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {
                "idx": 1,
                "name": "1",
                "path": "1_Pooling",
                "type": "sentence_transformers.models.Pooling",
            },
            {
                "idx": 2,
                "name": "2",
                "path": "2_Normalize",
                "type": "sentence_transformers.models.Normalize",
            },
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": 64,
            "pooling_mode_cls_token": False,
            "pooling_mode_mean_tokens": True,
        },
        "sentence_bert_config.json": {"max_seq_length": 32, "do_lower_case": False},
    }
    for name, value in settings.items():
        (folder / name).write_text(json.dumps(value), encoding="utf-8")
    made.save(str(folder / "tokenizer.json"))
    save_file(tensors(len(words)), folder / "model.safetensors")


def main() -> None:
    """Write `tiny_encoder/` beside this file."""
    target = Path(__file__).parent / "tiny_encoder"
    with TemporaryDirectory() as scratch:
        folder, exported = Path(scratch) / "tiny", Path(scratch) / "exported"
        write_checkpoint(folder)
        spec = export_encoder(open_source(str(folder)), exported)
        target.mkdir(exist_ok=True)
        for name in ("model.onnx", "tokenizer.json"):
            (exported / "encoder" / name).replace(target / name)
    content = msgspec.json.format(msgspec.json.encode(spec), indent=2)
    (target / "spec.json").write_bytes(content + b"\n")


if __name__ == "__main__":
    main()
