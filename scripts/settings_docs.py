"""Write docs/settings.md and docs/models.md from the settings classes.

`make test` fails when they are not current.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args, get_origin

import msgspec

from cuebox.api.settings import ServerSettings
from cuebox.app.settings import Settings
from cuebox.kinds.classifier.settings import ClassifierSettings
from cuebox.kinds.completion.settings import CompletionSettings
from cuebox.kinds.reply.answers.settings import ExtractSettings
from cuebox.kinds.reply.settings import ReplySettings

if TYPE_CHECKING:
    from collections.abc import Iterator

_DOCS = Path(__file__).resolve().parent.parent / "docs"

_INTRO = """# Settings

<!-- Written by scripts/settings_docs.py from the settings classes; do not edit. -->

`cuebox.toml` in the working folder, or the file given with `--config`. A variable
`CUEBOX_<SECTION>__<KEY>` (`CUEBOX_SERVING__MAX_ROWS=500`, `CUEBOX_SERVER__LIMITS__KEEP_ALIVE=30`)
beats the file, a flag beats both. An unknown key or a wrong value is an error that names it.
"""


_MODELS = """# Settings of models

<!-- Written by scripts/settings_docs.py from the settings classes; do not edit. -->

`cuebox train FILE.toml` makes what the file describes; [examples](../examples) has files to start
from. Any key can be given on the command line instead: `--set training.steps=4000`. An unknown key
or a wrong value is an error that names it. The key `kind` says which of these the file is about.
"""


def pages() -> dict[Path, str]:
    """All pages by where they belong."""
    return {_DOCS / "settings.md": _settings(), _DOCS / "models.md": _models()}


def _settings() -> str:
    sections = [
        (field.name, cls)
        for field in msgspec.structs.fields(Settings)
        for cls in _structs(field.type)
    ]
    sections.append(("server", ServerSettings))
    return _INTRO + "".join(_section(f"## [{name}]", cls, name) for name, cls in sections)


def _models() -> str:
    return (
        _MODELS
        + _section("## A classifier", ClassifierSettings, "", "###")
        + _section("## A language model", CompletionSettings, "", "###")
        + _section("## A reply model", ReplySettings, "", "###")
        + _section("## A list of answers", ExtractSettings, "", "###")
    )


def _section(heading: str, cls: type[msgspec.Struct], name: str, nested_level: str = "##") -> str:
    """A class and, after it, the classes in it; one that comes again is told of once."""
    described = _attributes(cls.__doc__ or "")
    head = (cls.__doc__ or "").strip().splitlines()[0]
    rows = []
    nested: dict[type[msgspec.Struct], list[tuple[str, str]]] = {}
    for field in msgspec.structs.fields(cls):
        structs = list(_structs(field.type))
        for each in structs:
            below = f"{name}.{field.name}".lstrip(".")
            table = f"[[{below}]]" if get_origin(field.type) is list else f"[{below}]"
            nested.setdefault(each, []).append((below, table))
        if not structs:
            meaning = described[field.name].replace("|", "\\|")
            rows.append(f"| `{field.name}` | {_default(field)} | {meaning} |")
    lines = ["", "| key | default | meaning |", "|---|---|---|", *rows, ""] if rows else [""]
    text = f"\n{heading}\n\n{head}\n" + "\n".join(lines)
    for each, places in nested.items():
        tables = ", ".join(table for _, table in places)
        text += _section(f"{nested_level} {tables}", each, places[0][0], nested_level)
    return text


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.default is not msgspec.NODEFAULT:
        return f"`{_toml(field.default)}`"
    factory = field.default_factory
    return f"`{_toml(factory())}`" if callable(factory) else "must be given"


def _attributes(doc: str) -> dict[str, str]:
    """The `Attributes:` of a docstring, each on one line; one line may tell of several."""
    _, _, body = doc.partition("Attributes:")
    found = re.findall(r"^ {8}([\w, ]+): (.*(?:\n {12}.*)*)", body, re.MULTILINE)
    return {
        name.strip(): " ".join(text.split()) for names, text in found for name in names.split(",")
    }


def _toml(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _structs(kind: object) -> Iterator[type[msgspec.Struct]]:
    """The settings classes in a type, each once."""
    if get_origin(kind) is not None:
        yield from dict.fromkeys(each for part in get_args(kind) for each in _structs(part))
    elif isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield kind


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text)
        sys.stdout.write(f"wrote {path}\n")
