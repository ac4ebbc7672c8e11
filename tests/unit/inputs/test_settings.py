"""Source settings refuse what they do not know."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cuebox.inputs import SourceSettings


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"pth": "x"}, "pth"),
        ({"path": ""}, "name a file"),
        ({"path": "x", "text": []}, "at least one"),
        ({"path": "x", "encoding": "utf-9"}, "'utf-9' is unknown"),
        ({"path": "x", "format": "xlsx"}, "format"),
        ({"path": "x", "limit": 0}, "limit"),
        ({"path": "x", "delimiter": "::"}, "delimiter"),
    ],
)
def test_wrong_settings_are_refused_by_name(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.convert(wrong, SourceSettings)


def test_settings_come_from_toml() -> None:
    source = msgspec.toml.decode(
        'path = "d.json.gz"\nrecords = "train"\ntext = 0\nlabel = ["domain", "intents"]\n'
        '[where]\ndomain = ["media", "finance"]\n',
        type=SourceSettings,
    )
    assert source.text == 0
    assert source.where == {"domain": ["media", "finance"]}
