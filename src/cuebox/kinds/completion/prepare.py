"""From files to what a network trains on: tokenizer, token files, digests."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cuebox.core.digests import sha256_data
from cuebox.core.errors import DataError
from cuebox.kinds.completion.corpus import corpus_name, read_documents
from cuebox.kinds.completion.network import base_folder
from cuebox.kinds.completion.packing import Part
from cuebox.kinds.completion.token_file import TokenFile, write_token_file
from cuebox.kinds.completion.vocabulary import (
    END_OF_TEXT,
    load_tokenizer,
    token_id,
    train_tokenizer,
)
from cuebox.training.held_out import SPLITS, Split

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenizers import Tokenizer

    from cuebox.kinds.completion.settings import CompletionSettings
    from cuebox.training.progress import Progress

__all__ = ["Prepared", "data_digest", "prepare"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Documents as tokens.

    Attributes:
        files: corpus name and split to tokens.
    """

    tokenizer: Tokenizer
    files: dict[tuple[str, Split], TokenFile]
    settings: CompletionSettings
    digest: str

    @property
    def filler(self) -> int:
        """The token that parts documents and fills windows."""
        return token_id(self.tokenizer, END_OF_TEXT)

    def train_parts(self) -> list[Part]:
        """What training reads."""
        return [
            Part(self.files[corpus_name(one), "train"], one.weight, one.share)
            for one in self.settings.data.corpora
            if self.files[corpus_name(one), "train"].facts.documents
        ]

    def held_out(self, split: Split) -> dict[str, TokenFile]:
        """The files that figures are about."""
        named = {
            corpus_name(one): self.files[corpus_name(one), split]
            for one in self.settings.data.corpora
            if one.held_out
        }
        return {name: file for name, file in named.items() if file.facts.counted}


def data_digest(settings: CompletionSettings, *, base: Path) -> str:
    """A digest of the files' bytes and of all that decides how they are read.

    Raises:
        DataError: a file is missing.
    """
    digest = hashlib.sha256(sha256_data([settings.data, settings.tokenizer]).encode())
    paths = [base / Path(one.path).expanduser() for one in settings.data.corpora]
    if settings.tokenizer.path:
        paths.append(base / Path(settings.tokenizer.path).expanduser())
    elif settings.network.base:
        paths.append(base_folder(settings.network.base, base) / "tokenizer.json")
    for path in paths:
        try:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    return digest.hexdigest()


def prepare(
    settings: CompletionSettings, folder: Path, *, base: Path, digest: str, progress: Progress
) -> Prepared:
    """Read documents, train the tokenizer and encode, or reuse what `folder` has of it.

    Raises:
        DataError: a file does not fit, or there is nothing to train on.
    """
    names = [corpus_name(one) for one in settings.data.corpora]
    if twice := {name for name in names if names.count(name) > 1}:
        raise DataError(f"two corpora are called {min(twice)!r}; give one of them a `name`")
    home = folder / digest[:16]
    home.mkdir(parents=True, exist_ok=True)
    with progress.stage("Reading the data", len(names) + 1) as step:
        tokenizer = _tokenizer(settings, home, base)
        step(1, f"{tokenizer.get_vocab_size():,} tokens")
        files: dict[tuple[str, Split], TokenFile] = {}
        for corpus, name in zip(settings.data.corpora, names, strict=True):
            for split in SPLITS:
                files[name, split] = TokenFile.open(home / f"{name}-{split}") or write_token_file(
                    (
                        one
                        for one in read_documents(corpus, settings.data, base=base)
                        if one.split == split
                    ),
                    tokenizer,
                    home / f"{name}-{split}",
                )
            step(1, name)
    prepared = Prepared(tokenizer, files, settings, digest)
    if not any(part.file.facts.counted for part in prepared.train_parts()):
        raise DataError("there is no text to train on: every document is held out, or none counts")
    return prepared


def _tokenizer(settings: CompletionSettings, home: Path, base: Path) -> Tokenizer:
    turns = any(one.content == "conversations" for one in settings.data.corpora)
    given = settings.tokenizer.path
    if given:
        return load_tokenizer(base / Path(given).expanduser(), turns=turns)
    if settings.network.base:
        source = base_folder(settings.network.base, base) / "tokenizer.json"
        return load_tokenizer(source, turns=turns)
    path = home / "tokenizer.json"
    if not path.exists():
        tokenizer = train_tokenizer(_train_texts(settings, base), settings.tokenizer.vocabulary)
        part = path.with_suffix(".part")
        tokenizer.save(str(part))
        part.replace(path)
    return load_tokenizer(path, turns=turns)


def _train_texts(settings: CompletionSettings, base: Path) -> Iterator[str]:
    """Training text in the proportions in which an epoch shows it."""
    for corpus in settings.data.corpora:
        for document in read_documents(corpus, settings.data, base=base):
            if document.split == "train":
                for turn in document.turns:
                    yield from _pieces(turn.text[: round(len(turn.text) * corpus.share)])


def _pieces(text: str) -> Iterator[str]:
    """Pieces of a long text, which is what the trainer counts in parallel."""
    size = 1 << 16
    for start in range(0, len(text), size):
        yield text[start : start + size]
