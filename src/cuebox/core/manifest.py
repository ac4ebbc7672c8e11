"""A saved version: one manifest that names content-addressed files."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from cuebox.core.decoder import DecoderSpec
from cuebox.core.digests import sha256_data
from cuebox.core.errors import InvalidRequest, ModelError
from cuebox.core.file_ref import FileRef

__all__ = [
    "GOLDENS_FILE",
    "MANIFEST_SCHEMA",
    "AliasRecord",
    "EncoderSpec",
    "FileRef",
    "Golden",
    "Manifest",
    "Provenance",
    "check_name",
    "parse_manifest",
    "version_key",
]

MANIFEST_SCHEMA = 1

# The file of a version that holds its golden examples, whatever its kind.
GOLDENS_FILE = "goldens.json"

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}[a-z0-9]|[a-z0-9]")
_VERSION = re.compile(r"(\d{4})-(\d{2})-(\d{2})\.(\d{1,9})")


class EncoderSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An encoder as it is served: weights, tokenizer, and all that decides its output.

    Attributes:
        model: ONNX file; inputs `input_ids`, `attention_mask` (int64 `[rows, tokens]`, plus
            `token_type_ids` where the graph has it), output `embedding` (float32
            `[rows, dim]`), pooled and, where `normalize`, of unit length: both in the graph.
        tokenizer: `tokenizer.json` without padding or truncation.
        pooling: `mean` or `cls`.
        quantization: `int8` or `float32`.
    """

    architecture: str
    dim: int
    max_tokens: int
    pooling: str
    normalize: bool
    quantization: str
    model: FileRef
    tokenizer: FileRef

    @property
    def digest(self) -> str:
        """Identity of the session and of cached embeddings: equal specs share both."""
        return sha256_data(self)


class Golden(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An input and the output recorded at export, replayed before a version takes traffic.

    Attributes:
        input: raw text, before normalisation.
        expected: for an encoder the embedding; for a classifier the probability of each label,
            in the order of the manifest's labels; for a completion model the log-probability
            of each token of the input but the first.
    """

    input: str
    expected: list[float]


class Provenance(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where a version came from, so that it can be made again.

    Attributes:
        command: the command line that made it.
        code_revision: cuebox version, and git revision where known.
        config_digest: SHA-256 of the settings used.
        data_digest: SHA-256 over the training rows.
        environment: package name to version, and the CPU model.
    """

    command: str = ""
    code_revision: str = ""
    config_digest: str = ""
    data_digest: str = ""
    environment: dict[str, str] = {}


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One version of one model.

    Attributes:
        kind: which kind reads `body`: `encoder`, `classifier`, ...
        version: `YYYY-MM-DD.N`; empty until the store assigns it at publish.
        created: RFC 3339 UTC; empty until publish.
        files: path within the version to content. An encoder's files are
            `encoder/model.onnx` and `encoder/tokenizer.json` in every kind that has one, so
            that all classifiers on one encoder name the same two blobs.
        encoder: the encoder this model reads through, where it has one.
        body: the kind's own facts (labels, thresholds, ...), as plain JSON data.
        metrics: headline figures on held-out data.
    """

    kind: str
    name: str
    version: str = ""
    created: str = ""
    schema_version: int = MANIFEST_SCHEMA
    files: dict[str, FileRef]
    encoder: EncoderSpec | None = None
    decoder: DecoderSpec | None = None
    body: dict[str, Any] = {}
    metrics: dict[str, float] = {}
    provenance: Provenance = Provenance()

    def encode(self) -> bytes:
        """Canonical JSON."""
        return msgspec.json.format(msgspec.json.encode(self, order="sorted"), indent=2)


class AliasRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One move of an alias: a numbered record that is never changed.

    Attributes:
        number: 1, 2, 3, ...; the highest is in force.
        version: where the alias points; None takes the model out of service.
    """

    number: int
    alias: str
    version: str | None
    at: str
    actor: str = ""
    reason: str = ""


def parse_manifest(content: bytes) -> Manifest:
    """Decode and check a manifest.

    Raises:
        ModelError: not a manifest, or one written by a newer cuebox.
    """
    try:
        schema = msgspec.json.decode(content, type=_SchemaOnly).schema_version
        if schema > MANIFEST_SCHEMA:
            raise ModelError(
                f"manifest schema {schema} is newer than {MANIFEST_SCHEMA}: upgrade cuebox"
            )
        return msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"not a manifest: {error}") from error


class _SchemaOnly(msgspec.Struct):
    schema_version: int


def check_name(name: str, *, param: str = "name") -> str:
    """Return `name` if it is a safe model or alias name.

    Raises:
        InvalidRequest: anything but lower-case letters, digits, `.`, `_`, `-` (at most 64).
    """
    if not _NAME.fullmatch(name) or ".." in name:
        raise InvalidRequest(
            f"{name[:80]!r} is not a name: use lower-case letters, digits, '.', '_' or '-', "
            "at most 64, starting and ending with a letter or digit",
            param=param,
        )
    return name


def version_key(version: str) -> tuple[int, ...]:
    """Sort key of a version, so that `.10` follows `.9`.

    Raises:
        InvalidRequest: not of the form `YYYY-MM-DD.N`.
    """
    match = _VERSION.fullmatch(version)
    if match is None:
        raise InvalidRequest(
            f"{version[:80]!r} is not a version: expected YYYY-MM-DD.N", param="version"
        )
    return tuple(int(part) for part in match.groups())
