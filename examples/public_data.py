"""Readers of the raw public data sets; each yields flat records ready for a table.

Sources and licences are in `README.md`.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Record = dict[str, str]

# The splits of clinc150 and the arrays that hold them, in scope and out of scope.
_CLINC_SPLITS = {
    "train": ("train", "oos_train"),
    "validation": ("val", "oos_val"),
    "test": ("test", "oos_test"),
}
_USDA_FACETS = {
    "source": "langual_B",
    "part": "langual_C",
    "state": "langual_E",
    "heat": "langual_F",
    "cooking": "langual_G",
    "treatment": "langual_H",
    "preservation": "langual_J",
}


def banking77(raw: Path) -> Iterator[Record]:
    """Bank customers' questions with their intent; train and test as published."""
    for split in ("train", "test"):
        with (raw / "banking77" / f"{split}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield {"text": row["text"], "label": row["category"], "split": split}


def clinc150(raw: Path, variant: str = "full") -> Iterator[Record]:
    """150 intents in 10 domains and out-of-scope queries, which are `oos` in both columns."""
    folder = raw / "clinc150"
    domains = json.loads((folder / "domains.json").read_text(encoding="utf-8"))
    domain_of = {intent: domain for domain, intents in domains.items() for intent in intents}
    with gzip.open(folder / f"data_{variant}.json.gz", "rt", encoding="utf-8") as file:
        arrays: dict[str, list[tuple[str, str]]] = json.load(file)
    for split, names in _CLINC_SPLITS.items():
        for name in names:
            for text, intent in arrays[name]:
                domain = domain_of.get(intent, "oos")
                yield {"text": text, "label": intent, "domain": domain, "split": split}


def clinc150_imbalanced(raw: Path) -> Iterator[Record]:
    """The variant with 25 to 100 training rows an intent; the same validation and test."""
    return clinc150(raw, "imbalanced")


def snips(raw: Path) -> Iterator[Record]:
    """Seven intents of a voice assistant; the published validation files are the test split."""
    for split, pattern in (("train", "train_{}_full.json"), ("test", "validate_{}.json")):
        for folder in sorted((raw / "snips" / "intents").iterdir()):
            if folder.is_dir():
                path = folder / pattern.format(folder.name)
                document = json.loads(_utf8(path.read_bytes()))
                for query in document[folder.name]:
                    text = "".join(fragment["text"] for fragment in query["data"])
                    yield {"text": text, "label": folder.name, "split": split}


def _utf8(content: bytes) -> str:
    """Decode UTF-8 in which an emoji may be written as a pair of surrogates (CESU-8)."""
    text = content.decode("utf-8", "surrogatepass")
    return text.encode("utf-16", "surrogatepass").decode("utf-16")


def multidogo(raw: Path) -> Iterator[Record]:
    """Customer turns of six domains; several intents are joined by `|`; blank turns left out."""
    path = raw / "multidogo" / "multidogo_turns.tsv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["utterance"].strip():
                yield {
                    "text": row["utterance"],
                    "domain": row["domain"],
                    "intents": row["intents"],
                    "split": "validation" if row["split"] == "dev" else row["split"],
                }


def usda(raw: Path) -> Iterator[Record]:
    """Food descriptions with their group and, for a third of them, facets; no given split."""
    with (raw / "usda_sr28" / "usda_foods.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            facets = {name: row[column] for name, column in _USDA_FACETS.items()}
            known = "yes" if any(facets.values()) else "no"
            yield {
                "text": row["description"],
                "group": row["food_group"],
                "has_facets": known,
                **facets,
            }


def star(raw: Path) -> Iterator[Record]:
    """What an agent typed and the canned reply the agent then picked.

    Only the last draft before a pick counts: the ones before it were typed over because the
    replies offered did not fit. A draft that was followed by free text (`utter`), or by the
    customer speaking, has no label. Dialogues are split whole, 8 : 1 : 1, see `_dialogue_splits`.
    """
    with gzip.open(raw / "star" / "dialogues.jsonl.gz", "rt", encoding="utf-8") as file:
        dialogues = [json.loads(line) for line in file]
    picks = {dialogue["DialogueID"]: list(_picks(dialogue["Events"])) for dialogue in dialogues}
    splits = _dialogue_splits(picks)
    for dialogue in dialogues:
        number = dialogue["DialogueID"]
        for draft, label in picks[number]:
            yield {
                "text": draft,
                "label": label,
                "domains": "|".join(filter(None, dialogue["Scenario"]["Domains"])),
                "dialogue": str(number),
                "split": splits[number],
            }


def _picks(events: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Each draft whose next event by the agent picks a reply, with the label of that reply."""
    draft: str | None = None
    for event in events:
        if event["Action"] == "pick_suggestion" and draft is not None:
            yield draft, event["ActionLabel"]
        if event["Agent"] == "Wizard":
            draft = event["Text"] if event["Action"] == "request_suggestions" else None
        elif event["Action"] == "utter":
            draft = None


def _dialogue_splits(picks: dict[int, list[tuple[str, str]]]) -> dict[int, str]:
    """A split for each dialogue, by a hash of its number.

    So that every label is trained and, where it occurs in two dialogues, tested, the first
    dialogue with a label goes to train and the next one that is free to test.
    """
    splits: dict[int, str] = {}
    seen: dict[str, set[str]] = {"train": set(), "test": set()}
    order = sorted(picks, key=lambda number: hashlib.sha256(str(number).encode()).digest())
    for place, number in enumerate(order):
        labels = {label for _, label in picks[number]}
        share = "test" if place % 10 == 0 else "validation" if place % 10 == 5 else "train"
        if labels - seen["train"]:
            share = "train"
        elif labels - seen["test"]:
            share = "test"
        splits[number] = share
        seen.get(share, set()).update(labels)
    return splits
