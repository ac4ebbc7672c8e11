"""Text that a model was not trained on, from a file of the user's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from cuebox.core.errors import DataError
from cuebox.kinds.completion.corpus import read_documents
from cuebox.kinds.completion.settings import CorpusSettings, DataSettings

if TYPE_CHECKING:
    from cuebox.kinds.completion.corpus import Document

__all__ = ["read_golden_texts", "read_held_out"]


def read_held_out(path: Path, content: Literal["text", "conversations"]) -> list[Document]:
    """Documents of a `.txt` file or a table; rows whose split is `train` are left out.

    Raises:
        DataError: the file cannot be read, or holds nothing that is held out.
    """
    corpus = CorpusSettings(path=str(path), content=content)
    # Documents without a split of their own are all held out.
    data = DataSettings(corpora=[corpus], validation=0, test=1)
    found = [
        document
        for document in read_documents(corpus, data, base=Path())
        if document.split != "train"
    ]
    if not found:
        raise DataError(f"{path}: every row is of the split 'train'; nothing is held out")
    return found


def read_golden_texts(path: Path) -> list[str]:
    """Texts to record: the strings of a `.json` list, else the lines of the file.

    Raises:
        DataError: the file cannot be read, or holds no text.
    """
    try:
        content = path.read_text(encoding="utf-8")
        if path.suffix == ".json":
            texts = msgspec.json.decode(content, type=list[str])
        else:
            texts = content.splitlines()
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise DataError(f"{path}: golden texts cannot be read: {error}") from error
    texts = [text for text in texts if text.strip()]
    if not texts:
        raise DataError(f"{path}: there is no golden text in it")
    return texts
