from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.core.errors import ConfigError, ModelError
from cuebox.kinds.completion.corpus import Document, Turn
from cuebox.kinds.completion.packing import Part, Windows
from cuebox.kinds.completion.token_file import (
    COUNTED,
    STRUCTURE,
    USER_TURN,
    Facts,
    TokenFile,
    prompt_tokens,
    write_token_file,
)
from cuebox.kinds.completion.token_text import TokenText
from cuebox.kinds.completion.vocabulary import SPECIAL_TOKENS, load_tokenizer, train_tokenizer

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "The cat sat on the mat in 1984; the dog — naïve — ran 27 miles. " * 20
TOKENIZER = train_tokenizer([TEXT], 320)


@given(st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_any_text_survives_the_tokenizer(text: str) -> None:
    ids = TOKENIZER.encode(text, add_special_tokens=False).ids
    assert TOKENIZER.decode(ids, skip_special_tokens=False) == text
    assert TokenText(TOKENIZER).decode(ids) == text.encode() or any(
        name in text for name in SPECIAL_TOKENS
    )


def test_special_tokens_come_first_and_digits_stay_single() -> None:
    assert [TOKENIZER.token_to_id(name) for name in SPECIAL_TOKENS] == [0, 1, 2, 3]
    spelt = [token for token in TOKENIZER.get_vocab() if sum(c.isdigit() for c in token) > 1]
    assert not spelt


def test_the_same_text_gives_the_same_tokenizer() -> None:
    assert train_tokenizer([TEXT], 320).to_str() == TOKENIZER.to_str()


def test_a_tokenizer_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no such file"):
        load_tokenizer(tmp_path / "tokenizer.json", turns=False)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match=r"not a tokenizer\.json"):
        load_tokenizer(tmp_path / "tokenizer.json", turns=False)


def conversation(*turns: tuple[str, str]) -> Document:
    return Document("c", "train", tuple(Turn(role, text) for role, text in turns))  # type: ignore[arg-type]


def test_only_what_agents_say_counts(tmp_path: Path) -> None:
    document = conversation(("user", "the cat"), ("agent", "sat <|end|> on"))
    file = write_token_file([document], TOKENIZER, tmp_path / "file")
    border, user, agent, end = range(4)
    ids, marks = file.tokens.tolist(), file.marks.tolist()
    assert ids[:2] == [border, user]
    assert ids[-1] == end
    # A text that spells a special token does not become one.
    assert ids.count(end) == 2
    at = ids.index(agent)
    assert set(marks[2:at]) == {USER_TURN}
    assert set(marks[at + 1 :]) == {COUNTED}
    assert marks[at] == STRUCTURE
    assert file.facts.characters == len("sat <|end|> on")
    assert TokenFile.open(tmp_path / "file") is not None


def test_a_prompt_has_the_tokens_of_its_document(tmp_path: Path) -> None:
    document = conversation(("user", "the cat"), ("agent", "sat on the mat"))
    file = write_token_file([document], TOKENIZER, tmp_path / "file")
    prompt = prompt_tokens(TOKENIZER, document.turns[:1], document.turns[1], "sat on")
    assert file.tokens[: len(prompt)].tolist() == prompt


def token_file(lengths: list[int]) -> TokenFile:
    """Documents whose tokens are all different, but for their first."""
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    tokens = np.arange(1, starts[-1] + 1, dtype=np.uint32)
    marks = np.full(len(tokens), COUNTED, np.uint8)
    marks[starts[:-1]] = STRUCTURE
    return TokenFile(tokens, marks, starts, Facts(documents=len(lengths)))


@given(
    st.lists(st.integers(1, 90), min_size=1, max_size=30),
    st.integers(2, 40),
    st.integers(0, 5),
)
@settings(max_examples=80, deadline=None)
def test_packing_predicts_every_token_once(lengths: list[int], context: int, epoch: int) -> None:
    file = token_file(lengths)
    windows = Windows([Part(file)], context=context, user_weight=0.0, filler=0, seed=3, epoch=epoch)
    batch = windows.batch(0, len(windows))
    predicted = batch.targets[batch.weights > 0].tolist()
    assert sorted(predicted) == file.tokens[file.marks == COUNTED].tolist()
    rows, places = np.nonzero(batch.weights)
    # What is predicted follows what was read.
    assert (batch.inputs[rows, places] + 1 == batch.targets[rows, places]).all()


@given(st.lists(st.integers(2, 40), min_size=1, max_size=40))
@settings(max_examples=40, deadline=None)
def test_packing_cuts_no_document_that_fits_and_wastes_little(lengths: list[int]) -> None:
    file = token_file(lengths)
    windows = Windows([Part(file)], context=39, user_weight=0.0, filler=0, seed=3, epoch=0)
    batch = windows.batch(0, len(windows))
    rows = {int(token): row for row, line in enumerate(batch.inputs) for token in line if token}
    for start, end in zip(file.starts[:-1].tolist(), file.starts[1:].tolist(), strict=True):
        assert len({rows[token] for token in range(start + 1, end) if token in rows}) == 1
    assert len(windows) <= 2 * -(-sum(lengths) // 40)


def test_epochs_differ_and_a_share_is_drawn_anew() -> None:
    file = token_file([20] * 40)

    def shown(epoch: int, share: float) -> list[int]:
        part = Part(file, share=share)
        windows = Windows([part], context=19, user_weight=0.0, filler=0, seed=3, epoch=epoch)
        first: list[int] = windows.batch(0, len(windows)).inputs[:, 0].tolist()
        return first

    assert shown(0, 1.0) == shown(0, 1.0) != shown(1, 1.0)
    assert sorted(shown(0, 1.0)) == sorted(shown(1, 1.0))
    assert len(shown(0, 0.25)) == 10
    assert set(shown(0, 0.25)) != set(shown(1, 0.25))


def test_weights_of_users_and_of_corpora_multiply(tmp_path: Path) -> None:
    document = conversation(("user", "the cat"), ("agent", "sat"))
    file = write_token_file([document], TOKENIZER, tmp_path / "file")
    windows = Windows(
        [Part(file, weight=0.5)], context=32, user_weight=0.25, filler=0, seed=1, epoch=0
    )
    weights = windows.batch(0, 1).weights[0]
    marks = file.marks[1:]
    assert set(weights[: len(marks)][marks == USER_TURN].tolist()) == {0.125}
    assert set(weights[: len(marks)][marks == COUNTED].tolist()) == {0.5}
    assert not weights[len(marks) :].any()
