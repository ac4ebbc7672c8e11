"""The README's demo: its `curl` lines give the printed answers."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.server_process import ServerProcess, server_process

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
# Dynamic int8 rounds a little differently on another family of CPUs.
TOLERANCE = 0.1


def printed() -> list[tuple[str, Any]]:
    """Each command of the marked block, with the JSON printed under it."""
    readme = (ROOT / "README.md").read_text()
    block = readme.partition("<!-- readme:curl -->\n```\n")[2].partition("```")[0]
    examples = []
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, answer = part.replace("\\\n", " ").partition("\n")
        examples.append((command, json.loads(answer)))
    return examples


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("demo")
    subprocess.run(
        [sys.executable, "-m", "cuebox.cli", "demo", "--folder", str(folder), "--no-serve"],
        check=True,
        capture_output=True,
        timeout=600,
    )
    with server_process(folder) as running:
        yield running


@pytest.mark.slow
def test_the_demo_answers_as_printed(server: ServerProcess) -> None:
    examples = printed()
    assert len(examples) == 2
    for command, expected in examples:
        words = shlex.split(command.replace("http://127.0.0.1:8080", server.url))
        done = subprocess.run(words, check=True, capture_output=True, timeout=60)
        assert_close(json.loads(done.stdout), expected)


def assert_close(actual: Any, expected: Any) -> None:
    """Equal but for scores, which may differ a little, and versions, which carry the date."""
    if isinstance(expected, dict):
        assert actual.keys() == expected.keys()
        for key, value in expected.items():
            if key == "score":
                assert actual[key] == pytest.approx(value, abs=TOLERANCE)
            elif key != "version":
                assert_close(actual[key], value)
    elif isinstance(expected, list):
        assert len(actual) == len(expected)
        for one, other in zip(actual, expected, strict=True):
            assert_close(one, other)
    else:
        assert actual == expected
