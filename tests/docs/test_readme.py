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


def printed(mark: str) -> list[tuple[str, Any]]:
    """Each command of the marked block, with the JSON printed under it."""
    readme = (ROOT / "README.md").read_text()
    block = readme.partition(f"<!-- readme:{mark} -->\n```\n")[2].partition("```")[0]
    examples = []
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, answer = part.strip().rpartition("\n")
        examples.append((command.replace("\\\n", " "), json.loads(answer)))
    return examples


@pytest.fixture(scope="module")
def server(demo: Path) -> Iterator[ServerProcess]:
    with server_process(demo) as running:
        yield running


@pytest.mark.slow
def test_the_demo_answers_as_printed(server: ServerProcess) -> None:
    examples = printed("curl")
    assert len(examples) == 2
    for command, expected in examples:
        assert_close(asked(command, server), expected)


@pytest.mark.slow
def test_the_demo_completes_as_printed(server: ServerProcess) -> None:
    ((command, expected),) = printed("completions")
    answer = asked(command, server)
    assert answer.keys() == expected.keys()
    texts = [choice["text"] for choice in answer["choices"]]
    # The model is nearly sure of the best; the others may change places on another CPU.
    assert texts[0] == expected["choices"][0]["text"]
    assert len(set(texts)) == 3
    assert answer["usage"].keys() == expected["usage"].keys()


@pytest.mark.slow
def test_the_demo_suggests_as_printed(server: ServerProcess) -> None:
    examples = printed("suggest")
    assert len(examples) == 2
    for command, expected in examples:
        answer = asked(command, server)
        assert answer.keys() == expected.keys()
        assert texts_of(answer) == texts_of(expected)


@pytest.mark.slow
def test_the_demo_streams_to_the_openai_client(server: ServerProcess) -> None:
    readme = (ROOT / "README.md").read_text()
    program = readme.partition("```python\n")[2].partition("```")[0]
    program = program.replace("http://127.0.0.1:8080", server.url)
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60
    )
    assert {line[0] for line in done.stdout.splitlines() if line.strip()} >= {"0", "1", "2"}


def texts_of(answer: Any) -> tuple[list[str], str | None]:
    """Replies, and the completion."""
    completion = answer["completion"]
    return [one["text"] for one in answer["replies"]], completion and completion["text"]


def asked(command: str, server: ServerProcess) -> Any:
    words = shlex.split(command.replace("http://127.0.0.1:8080", server.url))
    done = subprocess.run(words, check=True, capture_output=True, timeout=60)
    return json.loads(done.stdout)


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
