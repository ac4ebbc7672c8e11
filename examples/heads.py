"""Write one classifier config per head into `heads/`, all on one encoder.

    python examples/heads.py                     # the default encoder, data in examples/data
    python examples/heads.py --encoder my-encoder --data ../elsewhere --out /tmp/heads

The files are committed: read one to see what a config looks like. A test keeps them equal to
what this script writes.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ENCODER = "minilm-l6"
CLINC_DOMAINS = (
    "auto_and_commute", "banking", "credit_cards", "home", "kitchen_and_dining", "meta",
    "small_talk", "travel", "utility", "work",
)  # fmt: skip
MULTIDOGO_DOMAINS = ("airline", "fastfood", "finance", "insurance", "media", "software")
# Single facets of a food and the several that it may have at once.
USDA_SINGLE = {"source": "plant or animal source", "part": "part used", "heat": "heat treatment"}
USDA_SEVERAL = {
    "state": "physical state",
    "cooking": "cooking method",
    "treatment": "treatments applied",
    "preservation": "preservation method",
}

Value = str | bool | list[str] | dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Head:
    """What differs between the configs.

    Attributes:
        source: settings of the one data source.
        oos: label of out-of-scope rows, where there are any.
        repeats: whether the data is traffic that repeats itself, to be measured as such.
    """

    name: str
    description: str
    file: str
    source: Mapping[str, Value] = field(default_factory=dict)
    oos: str = ""
    repeats: bool = False


def heads() -> Iterator[Head]:
    """Every head, data set by data set."""
    given: dict[str, Value] = {"split": "split"}
    yield Head("banking77", "77 intents of bank customers", "banking77", given)
    yield Head("snips", "7 intents of a voice assistant", "snips", given)
    yield from clinc_heads(given)
    yield from multidogo_heads(given)
    yield Head(
        "star", "Which of 163 canned replies an agent's draft means", "star", given, repeats=True
    )
    yield from usda_heads()


def clinc_heads(given: Mapping[str, Value]) -> Iterator[Head]:
    """All intents, all from imbalanced rows, the domain, and the intents of each domain."""
    yield Head("clinc150", "150 intents in 10 domains", "clinc150", given, oos="oos")
    yield Head(
        "clinc150-imbalanced",
        "150 intents, 25 to 100 training rows each",
        "clinc150_imbalanced",
        given,
        oos="oos",
    )
    domain = {**given, "label": "domain"}
    yield Head("clinc150-domain", "Which of 10 domains a query is about", "clinc150", domain, "oos")
    for name in CLINC_DOMAINS:
        yield Head(
            f"clinc150-{name.replace('_', '-')}",
            f"15 intents of the domain {name.replace('_', ' ')}",
            "clinc150",
            {**given, "where": {"domain": [name, "oos"]}},
            oos="oos",
        )


def multidogo_heads(given: Mapping[str, Value]) -> Iterator[Head]:
    """Domain and intent together, the domain alone, and the intents of each domain."""
    several = {**given, "label_separator": "|"}
    pair: dict[str, Value] = {**several, "label": ["domain", "intents"]}
    about = {**given, "label": "domain"}
    yield Head("multidogo", "85 pairs of domain and intent", "multidogo", pair, repeats=True)
    yield Head(
        "multidogo-known-domain",
        "85 pairs of domain and intent, the domain written before the text",
        "multidogo",
        {**pair, "text": ["domain", "text"], "text_join": ": "},
        repeats=True,
    )
    yield Head(
        "multidogo-domain", "Which of 6 services a turn is for", "multidogo", about, repeats=True
    )
    for name in MULTIDOGO_DOMAINS:
        source: dict[str, Value] = {**several, "label": "intents", "where": {"domain": [name]}}
        yield Head(
            f"multidogo-{name}", f"Intents of customers, {name}", "multidogo", source, repeats=True
        )


def usda_heads() -> Iterator[Head]:
    """Several tasks on one short text; most foods lack the facets and are left out there."""
    yield Head("usda-group", "25 food groups", "usda", {"label": "group"})
    for name, words in USDA_SINGLE.items():
        yield Head(f"usda-{name}", f"Foods: {words}", "usda", {"label": name, "blank": "skip"})
    for name, words in USDA_SEVERAL.items():
        source: dict[str, Value] = {
            "label": name,
            "label_separator": "|",
            "where": {"has_facets": ["yes"]},
        }
        yield Head(f"usda-{name}", f"Foods: {words}", "usda", source)


def as_toml(head: Head, *, encoder: str, data: str) -> str:
    """The config of a head; `data` is the folder of the tables, from the config's place."""
    source = {"path": f"{data}/{head.file}.tsv", **head.source}
    lines = [
        f"name = {toml(head.name)}",
        f"encoder = {toml(encoder)}",
        f"description = {toml(head.description)}",
        "",
        "[data.train]",
        *(f"{key} = {toml(value)}" for key, value in source.items()),
    ]
    if head.repeats:
        lines += ["", "[data.split]", "leak_guard = false  # measure traffic, which repeats itself"]
    if head.oos:
        lines += ["", "[out_of_scope]", f"label = {toml(head.oos)}"]
    # Twenty-one linear heads cost what one costs; a hidden layer pays in time for half a point.
    lines += ["", "[head]", 'types = ["linear"]']
    return "\n".join(lines) + "\n"


def toml(value: Value) -> str:
    """A TOML value; JSON's strings, booleans and arrays are TOML as well."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
    return json.dumps(value)


def main() -> int:
    """Write the files."""
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--encoder", default=ENCODER, help="reference of the encoder in the store")
    parser.add_argument("--data", default="../data", help="folder of the tables, from --out")
    parser.add_argument("--out", type=Path, default=here / "heads")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    every = list(heads())
    for head in every:
        text = as_toml(head, encoder=arguments.encoder, data=arguments.data)
        (arguments.out / f"{head.name}.toml").write_text(text, encoding="utf-8")
    print(f"{len(every)} configs in {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
