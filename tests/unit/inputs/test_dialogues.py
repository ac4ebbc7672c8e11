"""The readers of conversations in `examples/`: who speaks, who answers whom, and no names."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[3] / "examples"
DATA = EXAMPLES.parents[1] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the public data sets are not here")

sys.path.insert(0, str(EXAMPLES))

from irc_support import find_names, parse_channel, threads_of  # noqa: E402
from public_books import plain_text  # noqa: E402
from public_dialogues import irc_support, star_drafts, star_turns, taskmaster  # noqa: E402

LOG = """\
[10:00] <Lost77> how do I mount a usb stick?
[10:00] <pingu_x> morning all
[10:01] <helper_joe> Lost77: use sudo mount /dev/sdb1 /mnt
=== zork has joined #ubuntu
[10:01] <Lost77> helper_joe: thanks!
[10:02] <helper_joe> Lost77, you are welcome
[10:02] <ubotu> Lost77: see http://example.com
[10:03] <Lost77> helper_joe: did pingu_x say the same?
[10:03] <Lost77> great, helper_joe
"""


def conversations(log: str, links: dict[int, list[int]] | None = None) -> list[list[str]]:
    found = threads_of(parse_channel(log), links or {}, find_names([log]))
    return [[f"{'u' if one.asks else 'a'}: {one.text}" for one in thread] for thread in found]


def test_a_thread_is_the_asker_and_the_helper_without_names() -> None:
    assert conversations(LOG) == [
        [
            "u: how do I mount a usb stick?",
            "a: use sudo mount /dev/sdb1 /mnt",
            "u: thanks!",
            "a: you are welcome",
            "u: great",
        ]
    ]


def test_annotated_links_count_more_than_addresses() -> None:
    log = "[1:00] <aa1> what now?\n[1:00] <bb2> hello\n[1:01] <cc3> wait a bit\n"
    assert conversations(log) == []
    assert conversations(log, {2: [0]}) == [["u: what now?", "a: wait a bit"]]


def test_books_are_plain_paragraphs() -> None:
    markdown = (
        "# Title: X\n\n-------\n\n## Chapter I.\n\nIt was _very_  late --\n\n***\n\n> A letter\n"
    )
    assert plain_text(markdown) == "It was very late\u2014\n\nA letter"


@needs_data
@pytest.mark.parametrize("reader", [star_turns, star_drafts, taskmaster, irc_support])
def test_conversations_keep_to_one_split_and_take_turns(reader: object) -> None:
    assert callable(reader)
    splits: dict[str, set[str]] = {}
    before = ("", "")
    for turn in reader(DATA):
        assert turn["text"].strip()
        now = (turn["conversation"], turn["role"])
        assert now != before
        before = now
        splits.setdefault(turn["conversation"], set()).add(turn["split"])
    assert all(len(found) == 1 for found in splits.values())
    counts = [sum(found == {name} for found in splits.values()) for name in ("train", "test")]
    assert 0.01 * counts[0] < counts[1] < 0.3 * counts[0]


@needs_data
def test_agents_of_star_are_in_one_split() -> None:
    import gzip
    import json

    splits: dict[str, set[str]] = {}
    by_dialogue = {turn["conversation"]: turn["split"] for turn in star_turns(DATA)}
    with gzip.open(DATA / "star" / "dialogues.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            dialogue = json.loads(line)
            name = f"star/{dialogue['DialogueID']}"
            if name in by_dialogue:
                agent = dialogue["AnonymizedWizardWorkerID"]
                splits.setdefault(agent, set()).add(by_dialogue[name])
    assert all(len(found) == 1 for found in splits.values())
