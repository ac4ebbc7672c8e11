"""Write docs/settings.md from the settings classes; `make test` fails when it is not current."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import get_args, get_origin

import msgspec

from cuebox.api.settings import ServerSettings
from cuebox.app.settings import Settings

PAGE = Path(__file__).resolve().parent.parent / "docs" / "settings.md"

_INTRO = """# Settings

<!-- Written by scripts/settings_docs.py from the settings classes; do not edit. -->

`cuebox.toml` in the working folder, or the file given with `--config`. A variable
`CUEBOX_<SECTION>__<KEY>` (`CUEBOX_SERVING__MAX_ROWS=500`, `CUEBOX_SERVER__LIMITS__KEEP_ALIVE=30`)
beats the file, a flag beats both. An unknown key or a wrong value is an error that names it.
"""


def render() -> str:
    """The whole page."""
    sections: list[tuple[str, type[msgspec.Struct]]] = [
        (field.name, field.type)
        for field in msgspec.structs.fields(Settings)
        if _is_struct(field.type)
    ]
    sections.append(("server", ServerSettings))
    return _INTRO + "".join(_section(name, cls) for name, cls in sections)


def _section(name: str, cls: type[msgspec.Struct]) -> str:
    described = _attributes(cls.__doc__ or "")
    head = (cls.__doc__ or "").strip().splitlines()[0]
    rows = []
    nested = []
    for field in msgspec.structs.fields(cls):
        if _is_struct(field.type):
            nested.append(_section(f"{name}.{field.name}", field.type))
            continue
        default = _toml(field.default if field.default is not msgspec.NODEFAULT else _made(field))
        rows.append(f"| `{field.name}` | `{default}` | {described[field.name]} |")
    table = "\n".join(["| key | default | meaning |", "|---|---|---|", *rows])
    return f"\n## [{name}]\n\n{head}\n\n{table}\n" + "".join(nested)


def _made(field: msgspec.structs.FieldInfo) -> object:
    factory = field.default_factory
    return factory() if callable(factory) else None


def _attributes(doc: str) -> dict[str, str]:
    """The `Attributes:` of a docstring, each on one line."""
    _, _, body = doc.partition("Attributes:")
    found = re.findall(r"^ {8}(\w+): (.*(?:\n {12}.*)*)", body, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in found}


def _toml(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _is_struct(kind: object) -> bool:
    if get_origin(kind) is not None:
        return any(_is_struct(part) for part in get_args(kind))
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


if __name__ == "__main__":
    PAGE.write_text(render())
    sys.stdout.write(f"wrote {PAGE}\n")
