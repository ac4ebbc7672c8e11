"""Reading a log back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from cuebox.core.conversation import Turn
from cuebox.core.errors import ConfigError, DataError
from cuebox.core.inference import FeedbackRecord
from cuebox.inference_log.database import Database
from cuebox.inference_log.reading import LoggedSuggestion, export, read_log
from cuebox.inference_log.settings import InferenceLogSettings
from tests.fakes.inference_log import suggestion

if TYPE_CHECKING:
    from pathlib import Path


def log_of(folder: Path, *records: object) -> str:
    path = folder / "log.sqlite"
    database = Database(path)
    database.write(records)  # type: ignore[arg-type]  # of either sort
    database.close()
    return f"sqlite:///{path}"


def test_suggestions_come_with_their_feedback(tmp_path: Path) -> None:
    url = log_of(
        tmp_path,
        suggestion("s", texts=("one", "two")),
        FeedbackRecord(suggestion="s.1", event="edited", at=12.0, text="two!"),
        FeedbackRecord(suggestion="s.1", event="shown", at=10.0),
        FeedbackRecord(suggestion="s", event="sent", at=13.0, client="desk", text="two!"),
        FeedbackRecord(suggestion="of another log", event="shown", at=10.0),
    )
    (found,) = read_log(url)
    assert found.conversation == [Turn(role="user", text="hello")]
    assert (found.session, found.client, found.draft) == ("chat 1", "desk", "He")
    assert found.milliseconds == {"reply": 2.5, "total": 3.0}
    assert [each.text for each in found.shown] == ["one", "two"]
    assert found.shown[0].feedback == []
    assert [(each.event, each.text) for each in found.shown[1].feedback] == [
        ("shown", ""),
        ("edited", "two!"),
    ]
    assert [each.event for each in found.feedback] == ["sent"]


def test_pages_leave_nothing_out_and_keep_the_order(tmp_path: Path) -> None:
    # More than two pages, and many of one moment.
    records = [suggestion(f"s{number:04}", at=float(number // 150)) for number in range(500)]
    url = log_of(tmp_path, *reversed(records))
    assert [each.id for each in read_log(url)] == [record.id for record in records]
    some = [each.id for each in read_log(url, since=1.0, until=3.0)]
    assert some == [record.id for record in records if 1.0 <= record.at < 3.0]


def test_inputs_that_were_not_kept_are_none_and_not_an_empty_conversation(tmp_path: Path) -> None:
    url = log_of(
        tmp_path,
        suggestion("a", conversation=""),
        suggestion("b", conversation="[]"),
    )
    assert [each.conversation for each in read_log(url)] == [None, []]


def test_a_line_of_json_for_each(tmp_path: Path) -> None:
    url = log_of(tmp_path, suggestion("a"), suggestion("b"))
    lines = list(export(read_log(url)))
    assert all(line.endswith(b"}\n") and line.count(b"\n") == 1 for line in lines)
    assert [msgspec.json.decode(line, type=LoggedSuggestion) for line in lines] == list(
        read_log(url)
    )


def test_a_reader_beside_a_writer_sees_what_was_written(tmp_path: Path) -> None:
    url = log_of(tmp_path, suggestion("first"))
    database = Database(tmp_path / "log.sqlite")
    reader = read_log(url)
    assert next(reader).id == "first"
    database.write([suggestion("second")])
    assert [each.id for each in reader] == ["second"]
    database.close()


@pytest.mark.parametrize("content", [None, b"", b"not a database at all, but quite long" * 10])
def test_what_is_no_log_is_an_error_of_the_data(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "log.sqlite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"log\.sqlite"):
        list(read_log(f"sqlite:///{path}"))


@pytest.mark.parametrize(
    "url", ["mysql://host/db", "sqlite://", "sqlite:///", "sqlite:///:memory:"]
)
def test_a_url_of_no_known_kind_is_a_settings_error(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        InferenceLogSettings(url=url)
    assert caught.value.param == "inference_log.url"
