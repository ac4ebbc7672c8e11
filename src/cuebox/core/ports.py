"""The protocols that join the rooms; adapters live in `engines`, `store`, `cache` and `kinds`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
    from pathlib import Path

    from cuebox.core.answers import AnswerEdits, AnswerList, AnswerListInfo, EditedAnswers
    from cuebox.core.conversation import Turn
    from cuebox.core.decoder import DecoderSpec
    from cuebox.core.generation import Completed, Delta, GenerateRequest, StopAt
    from cuebox.core.inference import FeedbackRecord, SuggestionRecord
    from cuebox.core.manifest import AliasRecord, EncoderSpec, FileRef, Golden, Manifest
    from cuebox.core.replies import RankedReply
    from cuebox.core.text import TextSettings
    from cuebox.core.types import (
        Classification,
        ClassifyOptions,
        Embedded,
        FloatArray,
        StepBatch,
        TokenBatch,
        Tokens,
    )

__all__ = [
    "AnswerLists",
    "CompletionPredictor",
    "DecoderTokenizer",
    "EmbedTexts",
    "EmbeddingCache",
    "Encoder",
    "Generator",
    "GeneratorHost",
    "GeneratorMeters",
    "HeadBank",
    "InferenceLog",
    "Kind",
    "Marks",
    "ModelStore",
    "OpenDecoder",
    "OpenEncoder",
    "OpenGenerator",
    "Predictor",
    "ReplyPredictor",
    "StepModel",
    "TextPredictor",
    "Tokenizer",
]


class Tokenizer(Protocol):
    """Text to token ids; safe to call from several threads."""

    def encode(self, text: str) -> Tokens:
        """Tokenise with special tokens, cut at the encoder's `max_tokens`, no padding."""
        ...


class Encoder(Protocol):
    """A loaded encoder; `run` is safe to call from several threads and releases the GIL."""

    spec: EncoderSpec

    def run(self, batch: TokenBatch) -> FloatArray:
        """Embeddings, float32 `[rows, dim]`, pooled and normalised as the spec says."""
        ...

    def close(self) -> None:
        """Give the session's memory back; later runs raise."""
        ...


class OpenEncoder(Protocol):
    """Opens the tokenizer and session of an encoder from its two files."""

    def __call__(
        self, spec: EncoderSpec, model: Path, tokenizer: Path
    ) -> tuple[Tokenizer, Encoder]:
        """Return both, ready to run; raises `ModelError` when the files do not fit the spec."""
        ...


class DecoderTokenizer(Protocol):
    """Text to the tokens of a language model, and each token's own bytes."""

    @property
    def token_bytes(self) -> Sequence[bytes]:
        """What each id stands for; empty for special tokens. As long as the vocabulary."""
        ...

    @property
    def special(self) -> dict[str, int]:
        """Text of each special token to its id."""
        ...

    def encode(self, text: str) -> list[int]:
        """Token ids, nothing added; the text of a special token becomes that token.

        The bytes of the tokens joined are the text's UTF-8 (special tokens apart); a text that
        the tokenizer prefixes by itself (sentencepiece's space) is the one exception.
        """
        ...


class StepModel(Protocol):
    """A loaded decoder with room for keys and values; one thread at a time. `step` frees the GIL.

    Keys and values live in `blocks` blocks of `block_size` tokens. A sequence is a list of
    blocks; token `p` of it is at `p % block_size` in block `p // block_size` of the list. Blocks
    may be shared by sequences as long as nobody writes to them.
    """

    spec: DecoderSpec
    block_size: int
    blocks: int

    def step(self, batch: StepBatch) -> FloatArray:
        """Append each sequence's new tokens, and return logits float32 `[sample_rows, vocab]`.

        The array is valid until the next step.
        """
        ...

    def copy_block(self, source: int, target: int) -> None:
        """Copy the keys and values of one block, in all layers."""
        ...

    def close(self) -> None:
        """Give the memory back; later steps raise."""
        ...


class OpenDecoder(Protocol):
    """Opens a decoder from its two files."""

    def __call__(
        self, spec: DecoderSpec, weights: Path, tokenizer: Path
    ) -> tuple[DecoderTokenizer, StepModel]:
        """Return both, ready to step; raises `ModelError` when the files do not fit the spec."""
        ...


class Generator(Protocol):
    """A language model that answers requests, whatever process it lives in."""

    spec: DecoderSpec

    def stream(self, request: GenerateRequest) -> AsyncGenerator[Delta | Completed, None]:
        """Deltas if the request streams, then one `Completed`.

        Closing the generator, or cancelling the task in it, frees the request's place within
        one decoding step.

        Raises:
            InvalidRequest: a field does not fit this model (too many tokens, an unknown id).
            Overloaded: the queue is full.
            Conflict: a newer request of the session superseded this one.
            Unavailable: the engine is down; it is being restarted.
        """
        ...

    def logprobs(self, prompt: str | Sequence[int]) -> list[float]:
        """Log-probability of each token but the first; blocks, for golden examples.

        A text is cut into tokens as it is: nothing is added, and the text of a special token
        becomes that token.

        Raises:
            InvalidRequest: more tokens than the model can attend to, or none.
            Unavailable: the engine is down.
        """
        ...

    def release(self) -> None:
        """No longer needed: the model may be unloaded once its requests are answered."""
        ...


class OpenGenerator(Protocol):
    """Makes a generator of a decoder's two files; blocks until it is ready."""

    def __call__(self, spec: DecoderSpec, weights: Path, tokenizer: Path) -> Generator:
        """Load, or share what is loaded; raises `ModelError` or `Unavailable`."""
        ...


class GeneratorMeters(Protocol):
    """Where a host of generators reports on its engine, from the event loop.

    A name is in the Prometheus manner, without prefix; a decoder is its digest, empty for what
    belongs to the engine as a whole.
    """

    def show(self, gauges: Mapping[tuple[str, str], float]) -> None:
        """All gauges by name and decoder, as they are now; one that is missing is gone."""
        ...

    def count(self, name: str, decoder: str, amount: float) -> None:
        """Add to a counter."""
        ...


class GeneratorHost(Protocol):
    """Where generators live; it opens them, and keeps what they need alive.

    Attributes:
        engine: identity of engine and CPU; a change replays all goldens.
    """

    engine: str

    def open(self, spec: DecoderSpec, weights: Path, tokenizer: Path) -> Generator:
        """As `OpenGenerator`; called from a thread that is not the event loop's."""
        ...

    @property
    def trouble(self) -> str:
        """Why nothing can be generated right now; empty when all is well."""
        ...

    async def close(self) -> None:
        """Drop every generator and what kept them alive."""
        ...


class EmbeddingCache(Protocol):
    """Embeddings by encoder digest and normalised text, bounded in entries and bytes."""

    def get(self, digest: str, text: str) -> Embedded | None:
        """What is remembered of a text; None when absent. Counts a hit or a miss."""
        ...

    def put(self, digest: str, text: str, embedded: Embedded) -> None:
        """Remember; the least recently used go when a bound is passed."""
        ...

    def drop(self, digest: str) -> None:
        """Forget everything of one encoder."""
        ...

    def stats(self) -> dict[str, int]:
        """`entries`, `bytes`, `hits`, `misses`, `evictions` since start."""
        ...


class EmbedTexts(Protocol):
    """Raw texts to embeddings for training and evaluation (batched, cached on disk)."""

    spec: EncoderSpec

    def __call__(
        self,
        texts: Sequence[str],
        text: TextSettings,
        progress: Callable[[int], None] | None = None,
    ) -> FloatArray:
        """Float32 `[len(texts), dim]`; `progress` is told how many more rows are done."""
        ...


class Predictor(Protocol):
    """A loaded version of one model, light enough to be swapped while serving."""

    manifest: Manifest

    @property
    def labels(self) -> Sequence[str]:
        """Labels in the order of the head's outputs; empty for an encoder or a decoder."""
        ...

    def check(self, golden: Golden, output: FloatArray, /) -> None:
        """Raise `GoldenMismatch` unless `output` repeats what the golden recorded.

        Args:
            golden: the recorded example.
            output: for a model that reads through an encoder the embedding of the golden's
                prepared input; for a completion model the log-probability of each token of the
                golden's input but the first.
        """
        ...


@runtime_checkable
class TextPredictor(Predictor, Protocol):
    """A model that reads text through an encoder.

    `prepare` turns raw text into what the encoder reads; what comes after the encoder is done by
    the bank of all predictors on the same encoder at once.
    """

    @property
    def text(self) -> TextSettings:
        """The normalisation the model was trained with."""
        ...

    def prepare(self, text: str) -> str:
        """Normalise; the result is the cache key and the tokenizer's input."""
        ...


@runtime_checkable
class CompletionPredictor(Predictor, Protocol):
    """A model that continues text through a decoder, which does all the work."""

    def prompt(self, turns: Sequence[Turn], draft: str) -> str:
        """A conversation and the agent's draft as the prompt this model was trained to continue.

        What a person wrote never becomes one of the model's special tokens.
        """
        ...

    def min_score(self, coverage: float, stop_at: StopAt) -> float:
        """The score below which an answer is withheld, so that about `coverage` of them remain.

        Args:
            coverage: share of the answers, above 0.
            stop_at: where the answers end; short ones score otherwise than long ones.

        Raises:
            InvalidRequest: this version recorded no such figures; `param` is `coverage`.
        """
        ...


@runtime_checkable
class ReplyPredictor(TextPredictor, Protocol):
    """A model that ranks the answers an agent may want to give now.

    The embeddings it needs are of whole turns and of the draft, so that between two keystrokes
    all but one come from the cache.
    """

    @property
    def completion(self) -> str:
        """Name of the completion model to suggest beside it; empty for none."""
        ...

    def texts(self, turns: Sequence[Turn], draft: str) -> list[str]:
        """What `rank` wants embeddings of, normalised; at most a few, none for an empty past."""
        ...

    def rank(
        self, turns: Sequence[Turn], draft: str, embeddings: FloatArray, k: int
    ) -> list[RankedReply]:
        """The `k` best answers that are worth showing beside what is typed, best first.

        Args:
            turns: the conversation so far, oldest first.
            draft: what the agent has typed of the next turn; it is never altered.
            embeddings: float32 `[len(texts), dim]` of `texts(turns, draft)`, in order.
            k: at most so many, all different.
        """
        ...

    def min_score(self, coverage: float) -> float:
        """The score below which replies are withheld, so that something is shown at about
        `coverage` of the moments.

        Raises:
            InvalidRequest: this version recorded no such figures; `param` is `coverage`.
        """
        ...


class HeadBank(Protocol):
    """All heads on one encoder, evaluated together; immutable, so it is swapped by reference."""

    def classify(
        self, embeddings: FloatArray, models: Sequence[str], options: ClassifyOptions
    ) -> list[list[Classification]]:
        """For each row of `embeddings` `[rows, dim]`, one classification per model, in order."""
        ...

    def probabilities(self, embeddings: FloatArray, model: str) -> FloatArray:
        """Calibrated probabilities, float32 `[rows, labels]`, of one model."""
        ...

    def log_odds(self, embeddings: FloatArray, model: str, label: int) -> FloatArray:
        """Finite log(p / (1 - p)), float32 `[rows]`, of one model's label, by its place."""
        ...


class Kind(Protocol):
    """What a kind of model must offer to be served; found by entry point `cuebox.kinds`."""

    name: str

    def load(self, manifest: Manifest, read_file: Callable[[str], bytes]) -> Predictor:
        """Build the predictor from a version's small files (never the encoder's or decoder's).

        A version that names an encoder gives a `TextPredictor`, one that names a decoder a
        `CompletionPredictor`.
        """
        ...

    def bank(self, predictors: Sequence[Predictor]) -> HeadBank | None:
        """Join the predictors of one encoder; None for a kind without heads."""
        ...


class ModelStore(Protocol):
    """Versions, aliases and blobs, in a local folder or an object store. Calls block."""

    def put_file(self, path: Path) -> FileRef:
        """Store a file's content; free when it is there already."""
        ...

    def put_bytes(self, content: bytes) -> FileRef:
        """Store bytes; free when they are there already."""
        ...

    def read(self, ref: FileRef) -> bytes:
        """The verified content; raises `BlobNotFound` or `BlobCorrupt`."""
        ...

    def fetch(self, ref: FileRef) -> Path:
        """A local, read-only file with the verified content, to be memory-mapped."""
        ...

    def publish(self, manifest: Manifest) -> Manifest:
        """Assign version and time, check that every blob is there, write the manifest last."""
        ...

    def names(self) -> list[str]:
        """Every model with at least one version, sorted."""
        ...

    def versions(self, name: str) -> list[str]:
        """Versions of a model, oldest first; empty when it has none."""
        ...

    def manifest(self, name: str, version: str) -> Manifest:
        """One version's manifest; raises `VersionNotFound`."""
        ...

    def aliases(self, name: str) -> dict[str, AliasRecord]:
        """Each alias and the record in force."""
        ...

    def history(self, name: str, alias: str) -> list[AliasRecord]:
        """Every move of an alias, oldest first."""
        ...

    def move_alias(
        self,
        name: str,
        alias: str,
        version: str | None,
        *,
        actor: str = "",
        reason: str = "",
        expected: int | None = None,
    ) -> AliasRecord:
        """Append a record; with `expected`, raise `Conflict` unless that number is in force."""
        ...

    def verify(self, name: str, version: str) -> None:
        """Read every blob of a version and compare digests."""
        ...

    def collect_garbage(self, *, grace_seconds: float, dry_run: bool = False) -> dict[str, Any]:
        """Remove blobs that no manifest names and that are older than the grace period."""
        ...


class InferenceLog(Protocol):
    """Where suggestions and feedback are written, off the request's path.

    Nothing here waits for storage or raises because of it: what cannot be kept is counted.
    """

    def suggested(self, record: SuggestionRecord) -> None:
        """Keep what was suggested."""
        ...

    def feedback(self, record: FeedbackRecord) -> None:
        """Keep what a person did; a repetition changes nothing."""
        ...

    def stats(self) -> dict[str, int]:
        """`written`, `waiting` and `lost` records since the start."""
        ...

    def close(self, seconds: float) -> None:
        """Write what waits, for at most so long."""
        ...


class AnswerLists(Protocol):
    """Lists of answers that people review. Calls block, and may come from several threads."""

    def lists(self) -> list[AnswerListInfo]:
        """Every list, by name; raises `NotFound` when the place of the lists is gone."""
        ...

    def read(self, name: str) -> AnswerList:
        """A whole list as it is now.

        Raises:
            InvalidRequest: `name` is no name.
            NotFound: there is no such list.
            Conflict: its file cannot be read as one.
        """
        ...

    def edit(self, name: str, batch: AnswerEdits) -> EditedAnswers:
        """Apply a batch to the list as it is now, and save it; all of it or nothing.

        Raises:
            InvalidRequest, NotFound: as `read`, or a value does not fit.
            Conflict: as `read`, or someone else changed what the batch changes.
            Unavailable: the list is locked, or cannot be saved.
        """
        ...


class Marks(Protocol):
    """Facts remembered between starts of this machine, such as "these goldens passed here"."""

    def has(self, key: str) -> bool:
        """Whether the fact was recorded."""
        ...

    def add(self, key: str) -> None:
        """Record it; failing to is never an error."""
        ...
