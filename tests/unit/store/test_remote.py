"""What obstore does not do by itself."""

from __future__ import annotations

from typing import Any

import obstore
import pytest
from obstore.exceptions import AlreadyExistsError, GenericError

from cuebox.core.errors import StoreError
from cuebox.store.remote import RemoteObjects


@pytest.fixture
def objects() -> RemoteObjects:
    return RemoteObjects("memory:///", {}, {})


def test_a_retried_create_that_had_succeeded_counts_as_ours(
    objects: RemoteObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = obstore.put

    def answer_lost(*arguments: Any, **named: Any) -> None:
        real(*arguments, **named)
        raise AlreadyExistsError("the first attempt arrived, its answer did not")

    monkeypatch.setattr(obstore, "put", answer_lost)
    assert objects.create("a", b"ours")
    monkeypatch.undo()
    assert not objects.create("a", b"ours")


def test_foreign_errors_become_one_line_of_ours(
    objects: RemoteObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*arguments: Any, **named: Any) -> None:
        raise GenericError("connection refused\n\nDebug source:\nlots of it")

    for operation in ("get", "put", "head", "delete", "list", "copy"):
        monkeypatch.setattr(obstore, operation, refused)
    for act in (
        lambda: objects.get("a/b"),
        lambda: objects.head("a/b"),
        lambda: objects.stream("a/b"),
        lambda: objects.put("a/b", [b""]),
        lambda: objects.create("a/b", b""),
        lambda: objects.mark("a/b"),
        lambda: objects.delete("a/b"),
        lambda: objects.copy("a/b", "c"),
        lambda: list(objects.walk("a/b")),
    ):
        with pytest.raises(StoreError, match=r"memory:.*a/b: connection refused$"):
            act()
