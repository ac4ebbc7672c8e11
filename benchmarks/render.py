"""Write the tables of `results/*.json` into `docs/benchmarks.md`, between its markers.

`python -m benchmarks.render` replaces what is between `<!-- begin NAME -->` and `<!-- end NAME -->`
for every result, and for `bars`, the summary; `--check` only says whether the page is up to date.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import msgspec

from benchmarks.outcome import Bar, Table

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "benchmarks.md"


class Result(msgspec.Struct):
    """The JSON line of one benchmark, as far as the page shows it."""

    benchmark: str
    regime: str
    command: str
    finished: str
    machine: dict[str, object]
    bars: list[Bar]
    tables: list[Table]


def render(results: dict[str, Result]) -> dict[str, str]:
    """Markdown by name of its place in the page."""
    parts = {name: _section(result) for name, result in results.items()}
    bars = [(name, bar) for name, result in results.items() for bar in result.bars]
    lines = ["| bar | wanted | measured | | benchmark |", "|---|---|---|---|---|"]
    lines += [
        f"| {bar.what} | {bar.wanted} | {bar.measured} | {'met' if bar.met else '**missed**'} | "
        f"[{name}](#{name.replace('_', '-')}) |"
        for name, bar in bars
    ]
    return parts | {"bars": "\n".join(lines)}


def _section(result: Result) -> str:
    machine = result.machine
    packages = machine.get("packages")
    versions = (
        ", ".join(f"{name} {number}" for name, number in packages.items() if number)
        if isinstance(packages, dict)
        else ""
    )
    lines = [f"```console\n$ {result.command}\n```\n"]
    for table in result.tables:
        lines.append(f"**{table.title}**\n")
        lines.append("| " + " | ".join(table.columns) + " |")
        lines.append("|---|" + "---:|" * (len(table.columns) - 1))
        lines += ["| " + " | ".join(row) + " |" for row in table.rows]
        lines.append("")
    lines.append(
        f"{result.regime[0].upper()}{result.regime[1:]}. {result.finished[:10]}, "
        f"{machine.get('cpu')}, {machine.get('cores')} cores, Linux {machine.get('kernel')}, "
        f"Python {machine.get('python')}, {versions}, commit {machine.get('commit')}; other "
        f"programs took {machine.get('others_percent')} % of the cores."
    )
    return "\n".join(lines)


def main() -> None:
    """Write the page, or check it."""
    results = {
        path.stem: msgspec.json.decode(path.read_bytes(), type=Result)
        for path in sorted((HERE / "results").glob("*.json"))
    }
    before = page = PAGE.read_text(encoding="utf-8")
    for name, text in render(results).items():
        place = re.compile(rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
        if not place.search(page):
            sys.exit(f"{PAGE} has no place for {name!r}")
        page = place.sub(lambda found, text=text: f"{found[1]}{text}\n{found[2]}", page)  # type: ignore[misc]
    if "--check" in sys.argv[1:]:
        sys.exit(0 if page == before else f"{PAGE} is out of date: python -m benchmarks.render")
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
