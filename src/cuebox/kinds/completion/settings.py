"""A language model's settings file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from cuebox.core.errors import InvalidRequest
from cuebox.core.manifest import check_name
from cuebox.training.gates import GateSettings
from cuebox.training.settings_file import check_settings, read_settings_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "CompletionSettings",
    "CorpusSettings",
    "DataSettings",
    "EvaluationSettings",
    "ExportSettings",
    "NetworkSettings",
    "TokenizerSettings",
    "TrainingSettings",
    "load_completion_settings",
    "parse_completion_settings",
]

_Positive = Annotated[float, msgspec.Meta(gt=0)]
_Weight = Annotated[float, msgspec.Meta(ge=0)]
_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
_Count = Annotated[int, msgspec.Meta(ge=1)]


class CorpusSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One file of documents.

    Attributes:
        path: a `.txt` file is one document; any table that cuebox reads (`.jsonl`, `.csv`,
            `.parquet`, ...) is one document a row, or one turn a row.
        content: `text`, or `conversations`, whose rows are turns in order.
        name: in reports; the file's name when empty.
        text: column of the text.
        id: column that names a document; the line when the file has none.
        conversation: column that names the conversation a turn belongs to.
        role: column that says `user` or `agent`.
        split: column that says `train`, `validation` or `test`; where the file has no such
            column, a hash of the document's id decides.
        weight: of this corpus in the loss.
        share: how much of it an epoch shows, drawn anew each time.
        held_out: whether its validation and test documents count in the figures.
    """

    path: str
    content: Literal["text", "conversations"] = "text"
    name: str = ""
    text: str = "text"
    id: str = "id"
    conversation: str = "conversation"
    role: str = "role"
    split: str = "split"
    weight: _Weight = 1.0
    share: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    held_out: bool = True


class DataSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where documents come from; paths start at the settings file's folder.

    Attributes:
        corpora: the files.
        validation: share of documents for choosing, where a file does not say its own splits.
        test: share of documents for the final figures, likewise.
        user_weight: weight of users' turns in the loss. 0 counts agents' turns only, which is
            what figures are about in any case; some weight helps when data is scarce.
    """

    corpora: list[CorpusSettings]
    validation: _Share = 0.05
    test: _Share = 0.05
    user_weight: _Weight = 0.0

    def __post_init__(self) -> None:
        if not self.corpora:
            raise ValueError("`corpora` is empty: name at least one file")


class TokenizerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The byte-level BPE trained on the training documents; a base brings its own.

    Attributes:
        vocabulary: number of tokens.
        path: a `tokenizer.json` to use instead of training one.
    """

    vocabulary: Annotated[int, msgspec.Meta(ge=270, le=1 << 18)] = 8192
    path: str = ""


class NetworkSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The decoder.

    Attributes:
        base: checkpoint to fine-tune, a local folder or `hf:org/name`; its tokenizer and shape
            are used and what follows is left aside. Empty trains from scratch.
        architecture: `llama` (RoPE, RMSNorm, SwiGLU) or `gpt2`.
        dim: width; `heads` times a multiple of 32.
        layers: of attention and feed-forward.
        heads: of attention.
        inner: width of the feed-forward layer.
        context: tokens the model sees at once.
    """

    base: str = ""
    architecture: Literal["llama", "gpt2"] = "llama"
    dim: _Count = 256
    layers: _Count = 6
    heads: _Count = 4
    inner: _Count = 768
    context: Annotated[int, msgspec.Meta(ge=16)] = 512

    def __post_init__(self) -> None:
        if self.dim % (32 * self.heads):
            raise ValueError(
                f"`dim` {self.dim} over {self.heads} `heads` must leave a multiple of 32 each"
            )


class TrainingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How it is trained: warm-up, a stable phase of any length, then decay to nothing.

    Attributes:
        steps: of the whole schedule; 0 goes by `minutes` alone.
        minutes: of training, all sessions together, after which the decay must be done; 0 goes
            by `steps` alone. Whichever ends first decides.
        batch: windows of `context` tokens in a step.
        lr: highest learning rate.
        warmup: steps to reach it.
        decay: share of all steps in which the rate falls to nothing.
        optimizer: `muon` turns the updates of weight matrices into orthogonal ones and leaves
            the rest to AdamW; `adamw` is for fine-tuning what AdamW trained.
        weight_decay: of matrices and embeddings; vectors do not decay.
        clip: largest norm of the gradient.
        evaluate_every: steps between two looks at the validation documents.
        evaluate_windows: windows of a look.
        checkpoint_every: steps between two checkpoints.
        start: folder of a finished run whose stable phase is carried on: its weights, its
            optimizers and its place in the data, from where its decay began.
        precision: `bf16` computes products in bfloat16, weights stay float32; `auto` does so
            where the processor has instructions for it.
        compile: let `torch.compile` fuse the network; needs a C++ compiler on a CPU.
        device: `auto` is a GPU when there is one.
        threads: CPU threads; 0 leaves it to torch.
    """

    steps: Annotated[int, msgspec.Meta(ge=0)] = 2000
    minutes: _Weight = 0
    batch: _Count = 8
    lr: _Positive = 2e-3
    warmup: Annotated[int, msgspec.Meta(ge=0)] = 100
    decay: _Share = 0.25
    optimizer: Literal["muon", "adamw"] = "muon"
    weight_decay: _Weight = 0.1
    clip: _Positive = 1.0
    evaluate_every: _Count = 200
    evaluate_windows: _Count = 64
    checkpoint_every: _Count = 200
    start: str = ""
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    compile: bool = False
    device: str = "auto"
    threads: Annotated[int, msgspec.Meta(ge=0, le=1024)] = 0

    def __post_init__(self) -> None:
        if not self.steps and not self.minutes:
            raise ValueError("`steps` and `minutes` are both 0: training would never end")


class EvaluationSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is measured on held-out documents.

    Attributes:
        tokens: of each corpus that are scored, in windows spread evenly; 0 is all of them.
        positions: places in the text where a suggestion is asked for, for ExactMatch.
        words: the longest suggestion judged, in words.
        ngram: order of the baseline; 0 leaves it out.
    """

    tokens: Annotated[int, msgspec.Meta(ge=0)] = 100_000
    positions: Annotated[int, msgspec.Meta(ge=0)] = 500
    words: Annotated[int, msgspec.Meta(ge=1, le=20)] = 5
    ngram: Annotated[int, msgspec.Meta(ge=0, le=8)] = 5


class ExportSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the trained network becomes what is served.

    Attributes:
        quantization: of the matrices.
        max_growth: most that it may add to the perplexity, as a share; None for the default of
            the quantization.
        places: in validation documents, where suggestions are asked for to measure what showing
            only the surest means.
        license: of the model, for its card.
    """

    quantization: Literal["float32", "int8", "int4"] = "int8"
    max_growth: _Weight | None = None
    places: Annotated[int, msgspec.Meta(ge=0)] = 500
    license: str = ""


class CompletionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that decides a language model.

    Attributes:
        name: of the model.
        kind: says that this is a language model's file.
        data: where documents come from.
        description: a sentence or two for the report.
        seed: the same seed, data and settings give the same model.
    """

    name: str
    kind: Literal["completion"]
    data: DataSettings
    description: str = ""
    seed: Annotated[int, msgspec.Meta(ge=0)] = 7
    tokenizer: TokenizerSettings = TokenizerSettings()
    network: NetworkSettings = NetworkSettings()
    training: TrainingSettings = TrainingSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    export: ExportSettings = ExportSettings()
    gates: GateSettings = GateSettings(max_regression={"bits_per_character": 0.01})

    def __post_init__(self) -> None:
        try:
            check_name(self.name)
        except InvalidRequest as error:
            raise ValueError(error.message) from error


def load_completion_settings(
    path: Path, overrides: Mapping[str, str] | None = None
) -> CompletionSettings:
    """Read a TOML file; `overrides` maps dotted keys to TOML values (or bare words).

    Raises:
        ConfigError: no such file, not TOML, an unknown key, or a value that does not fit.
    """
    return parse_completion_settings(read_settings_file(path, overrides), source=str(path))


def parse_completion_settings(document: dict[str, Any], *, source: str) -> CompletionSettings:
    """Check a settings document; `source` names it in messages.

    Raises:
        ConfigError: an unknown key or a value that does not fit; the message names the key.
    """
    return check_settings(document, CompletionSettings, source=source)
