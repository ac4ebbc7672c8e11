"""Language models to measure with: true GPT-2 shapes, random weights, in every candidate's format.

`python -m benchmarks.decoders MODELS --data DATA --peers PEERS` writes, below MODELS,

    small/hf, medium/hf            transformers folder, float32 (124M and 355M parameters)
    */q8_0.gguf, */q4_0.gguf       llama.cpp, by its own quantiser
    */ctranslate2                  CTranslate2, int8
    store                          cuebox: small-int8, small-int4, medium-int8, medium-int4
    text.txt                       paragraphs of one novel, one a line

from the same weights, and skips what is there. Random weights cost what trained ones cost. The
end of a text is made impossible (see `_random_weights`), so that every candidate writes exactly as
many tokens as asked without a penalty that some of them would pay for in time. DATA holds
`gpt2_bpe` (encoder.json, vocab.bpe) and `books` (books.tar.xz) as downloaded.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import save_file
from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers, processors
from tokenizers.models import BPE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cuebox.core.types import FloatArray

__all__ = ["KV_CACHE_MB", "QUANTIZATIONS", "SHAPES", "Models", "Shape", "add_sizes"]

QUANTIZATIONS = ("int8", "int4")
# Room for 8 prompts x 3 choices of the medium model; also what llama.cpp is given, in cells.
KV_CACHE_MB = 512

_HERE = Path(__file__).resolve().parent
_END = "<|endoftext|>"
# A book on which no starter model was trained.
_BOOK = "books/edith-nesbit-the-railway-children.md"
_PARAGRAPH = re.compile(r"[A-Z\"'][A-Za-z ,.;:!?'\"-]{300,}")
_STANDARD_DEVIATION = 0.02


@dataclass(frozen=True)
class Shape:
    """A GPT-2 shape.

    Attributes:
        parameters: of the tied model, in millions.
    """

    layers: int
    hidden: int
    heads: int
    parameters: int
    vocab: int = 50_257
    context: int = 1_024


SHAPES = {
    "small": Shape(layers=12, hidden=768, heads=12, parameters=124),
    "medium": Shape(layers=24, hidden=1_024, heads=16, parameters=355),
}


def add_sizes(parser: argparse.ArgumentParser) -> None:
    """The option that leaves sizes out."""
    parser.add_argument("--sizes", nargs="*", default=list(SHAPES), choices=list(SHAPES))


class Models:
    """Where each candidate's file of a model is."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def hf(self, size: str) -> Path:
        """The transformers folder."""
        return self.root / size / "hf"

    def gguf(self, size: str, quantization: str) -> Path:
        """llama.cpp's file: `q8_0` or `q4_0`."""
        return self.root / size / f"{quantization}.gguf"

    def ctranslate2(self, size: str) -> Path:
        """CTranslate2's folder."""
        return self.root / size / "ctranslate2"

    @property
    def store(self) -> Path:
        """The store with cuebox's versions."""
        return self.root / "store"

    @property
    def text(self) -> Path:
        """Paragraphs, one a line."""
        return self.root / "text.txt"

    def tokenizer(self) -> Tokenizer:
        """GPT-2's, the same in all models."""
        return Tokenizer.from_file(str(self.hf("small") / "tokenizer.json"))

    def paragraphs(self) -> list[str]:
        """Real sentences; raises `SystemExit` where the folder was not written."""
        if not self.text.exists():
            raise SystemExit(f"{self.text} is missing: python -m benchmarks.decoders {self.root}")
        return self.text.read_text(encoding="utf-8").splitlines()


def write_hf(folder: Path, shape: Shape, vocabulary: Path, seed: int = 0) -> None:
    """A folder that transformers, every converter and `cuebox decoder import` read."""
    folder.mkdir(parents=True, exist_ok=True)
    end = shape.vocab - 1
    config = {
        "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "torch_dtype": "float32",
        "n_layer": shape.layers, "n_embd": shape.hidden, "n_head": shape.heads,
        "n_positions": shape.context, "n_ctx": shape.context, "vocab_size": shape.vocab,
        "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5, "tie_word_embeddings": True,
        "bos_token_id": end, "eos_token_id": end,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    special = {
        "tokenizer_class": "GPT2Tokenizer", "bos_token": _END, "eos_token": _END,
        "unk_token": _END, "add_prefix_space": False, "model_max_length": shape.context,
    }  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(special, indent=2) + "\n")
    for name in ("encoder.json", "vocab.bpe"):
        renamed = {"encoder.json": "vocab.json", "vocab.bpe": "merges.txt"}[name]
        (folder / renamed).write_bytes((vocabulary / name).read_bytes())
    _tokenizer(vocabulary).save(str(folder / "tokenizer.json"))
    # Last: what makes the folder complete.
    save_file(dict(_random_weights(shape, seed)), folder / "model.safetensors", {"format": "pt"})


def _random_weights(shape: Shape, seed: int) -> Iterator[tuple[str, FloatArray]]:
    """GPT-2's initialisation, with biases and gains that differ so that a mix-up would show.

    The end of text has the opposite direction of the last norm's bias: its logit is about -100.
    """
    rng = np.random.default_rng(seed)
    hidden = shape.hidden

    def normal(*size: int, scale: float = _STANDARD_DEVIATION) -> FloatArray:
        return rng.standard_normal(size, np.float32) * np.float32(scale)

    def norm(name: str) -> Iterator[tuple[str, FloatArray]]:
        yield f"{name}.weight", 1 + normal(hidden)
        yield f"{name}.bias", normal(hidden)

    away = np.full(hidden, hidden**-0.5, np.float32)
    embedding = normal(shape.vocab, hidden)
    embedding[-1] = -5 * away
    yield "transformer.wte.weight", embedding
    yield "transformer.wpe.weight", normal(shape.context, hidden, scale=0.01)
    narrowed = _STANDARD_DEVIATION / (2 * shape.layers) ** 0.5
    for layer in range(shape.layers):
        at = f"transformer.h.{layer}"
        yield from norm(f"{at}.ln_1")
        yield from norm(f"{at}.ln_2")
        for name, inputs, outputs, scale in (
            ("attn.c_attn", hidden, 3 * hidden, _STANDARD_DEVIATION),
            ("attn.c_proj", hidden, hidden, narrowed),
            ("mlp.c_fc", hidden, 4 * hidden, _STANDARD_DEVIATION),
            ("mlp.c_proj", 4 * hidden, hidden, narrowed),
        ):
            yield f"{at}.{name}.weight", normal(inputs, outputs, scale=scale)
            yield f"{at}.{name}.bias", normal(outputs)
    yield "transformer.ln_f.weight", 1 + normal(hidden)
    yield "transformer.ln_f.bias", normal(hidden) + 20 * away


def _tokenizer(vocabulary: Path) -> Tokenizer:
    entries = json.loads((vocabulary / "encoder.json").read_text(encoding="utf-8"))
    lines = (vocabulary / "vocab.bpe").read_text(encoding="utf-8").splitlines()
    merges = [(first, second) for first, second in (line.split() for line in lines[1:] if line)]
    tokenizer = Tokenizer(BPE(entries, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_special_tokens([AddedToken(_END, special=True, normalized=False)])
    return tokenizer


def write_text(path: Path, archive: Path) -> None:
    """Whole paragraphs of plain letters, long enough to be typed for a while."""
    with tarfile.open(archive) as opened:
        file = opened.extractfile(_BOOK)
        if file is None:
            raise SystemExit(f"{archive} has no {_BOOK}")
        content = file.read().decode("utf-8")
    paragraphs = (" ".join(each.split()) for each in re.split(r"\n\s*\n", content))
    chosen = [each for each in paragraphs if _PARAGRAPH.fullmatch(each)]
    path.write_text("\n".join(chosen) + "\n", encoding="utf-8")


def write_gguf(models: Models, size: str, peers: Path) -> None:
    """Both quantisations, in the environment of llama.cpp."""
    script = str(_HERE / "peers" / "llama_cpp_export.py")
    folder = models.root / size
    _run(peers / "llama" / "bin" / "python", script, str(models.hf(size)), str(folder))


def write_ctranslate2(models: Models, size: str, peers: Path) -> None:
    """Int8, by CTranslate2's own converter."""
    _run(
        peers / "ct2" / "bin" / "ct2-transformers-converter", "--model", str(models.hf(size)),
        "--output_dir", str(models.ctranslate2(size)), "--quantization", "int8",
    )  # fmt: skip


def write_cuebox(models: Models, size: str, quantization: str) -> None:
    """Import the folder as a user would, and publish it as `SIZE-QUANTIZATION`."""
    _run(
        Path(sys.executable).parent / "cuebox", "decoder", "import", str(models.hf(size)),
        "--quantization", quantization, "--name", f"{size}-{quantization}",
        "--alias", "production", "--store", str(models.store),
    )  # fmt: skip


def _run(program: Path, *arguments: str) -> None:
    variables = {**os.environ, "CUEBOX_DECODER__KV_CACHE_MB": str(KV_CACHE_MB)}
    subprocess.run([str(program), *arguments], env=variables, check=True)


def _write_all(models: Models, data: Path, peers: Path | None) -> None:
    models.root.mkdir(parents=True, exist_ok=True)
    if not models.text.exists():
        write_text(models.text, data / "books" / "books.tar.xz")
    for size, shape in SHAPES.items():
        if not (models.hf(size) / "model.safetensors").exists():
            sys.stderr.write(f"{size}: random weights\n")
            write_hf(models.hf(size), shape, data / "gpt2_bpe")
        if peers is not None and not models.gguf(size, "q4_0").exists():
            write_gguf(models, size, peers)
        if peers is not None and not (models.ctranslate2(size) / "model.bin").exists():
            write_ctranslate2(models, size, peers)
        for quantization in QUANTIZATIONS:
            if not (models.store / "models" / f"{size}-{quantization}").exists():
                write_cuebox(models, size, quantization)


def main() -> None:
    """Write what is missing."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--peers", type=Path, help="folder made by peers/install.sh")
    arguments = parser.parse_args()
    peers = None if arguments.peers is None else arguments.peers.absolute()
    _write_all(Models(arguments.models.absolute()), arguments.data, peers)


if __name__ == "__main__":
    main()
