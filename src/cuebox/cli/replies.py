"""`cuebox replies`: the list of answers that agents may be offered."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cuebox.cli.overrides import parse_overrides
from cuebox.cli.terminal import TerminalProgress
from cuebox.core.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from cuebox.kinds.reply.answers.answer_list import Answer
    from cuebox.reports.answer_list_report import AnswerListReport

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _replies() -> None:
    """Make the list of answers that agents may be offered."""


@app.command()
def extract(
    config: Annotated[Path, typer.Argument(help="A TOML file: the conversations, the encoder.")],
    out: Annotated[Path, typer.Option(help="The list to write, and to carry decisions over from.")],
    page: Annotated[
        Path | None, typer.Option(help="The page to write; beside the list if left out.")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a setting; repeatable."),
    ] = None,
    store: Annotated[str | None, typer.Option(help="Folder or URL of the model store.")] = None,
    settings_file: Annotated[
        Path | None, typer.Option("--settings", help="cuebox.toml to use.")
    ] = None,
) -> None:
    """Find the answers that agents gave, in past conversations, as a CSV to review and a page.

    Where the list is there already, what a person accepted, reworded, rejected or tagged stays.
    Nothing is written before everything is done.
    """
    from rich.console import Console

    from cuebox.app.build import open_store, text_embedder
    from cuebox.app.settings import load_settings
    from cuebox.kinds.reply.answers.extract import extract_answers
    from cuebox.kinds.reply.answers.files import locked
    from cuebox.kinds.reply.answers.report import make_answer_list_report
    from cuebox.kinds.reply.answers.review import merge_reviewed
    from cuebox.kinds.reply.answers.settings import load_extract_settings
    from cuebox.kinds.reply.answers.table import write_answers
    from cuebox.kinds.reply.conversations.reading import read_conversations
    from cuebox.reports.answer_list_page import render_answer_list_page

    target = page or out.with_suffix(".html")
    _check_folders(out, target)
    model = load_extract_settings(config, parse_overrides(overrides or []))
    _read(out)
    settings = load_settings(settings_file, {"store.url": store})
    embed = text_embedder(settings, open_store(settings), model.encoder)
    console = Console(stderr=True)
    conversations = list(read_conversations(model.data, base=config.parent))
    try:
        extraction = extract_answers(conversations, embed, model, TerminalProgress(console))
    except KeyboardInterrupt:
        console.print("Interrupted: nothing was written; embeddings that are done are kept.")
        raise
    with locked(out):
        # Read once more: people review while this runs, in a spreadsheet or through the server.
        answers = merge_reviewed(_read(out), extraction.answers)
        write_answers(out, answers)
    read = sum(one.split in model.splits for one in conversations)
    report = make_answer_list_report(extraction, answers, model, conversations=read)
    target.write_text(render_answer_list_page(report), encoding="utf-8")
    _print_summary(report, out, target, console)


def _read(out: Path) -> list[Answer]:
    """The list as it is now; empty before there is one."""
    from cuebox.kinds.reply.answers.table import read_answers

    return read_answers(out) if out.exists() else []


def _check_folders(*files: Path) -> None:
    """Object now, not after the work, to a place where nothing can be written."""
    for file in files:
        if not file.parent.is_dir():
            raise ConfigError(f"{file}: there is no folder {file.parent}; make it first")


def _print_summary(report: AnswerListReport, out: Path, page: Path, console: Console) -> None:
    last = report.coverage[-1]
    console.print(
        f"[bold]{len(report.answers):,} answers[/] cover {last.alike:.1%} of "
        f"{report.turns:,} agents' messages, {last.exact:.1%} word for word",
        highlight=False,
    )
    if last.held_out is not None:
        console.print(f"  and {last.held_out:.1%} of new ones, word for word", highlight=False)
    kept = sum(bool(one.status != "proposed" or one.tags) for one in report.answers)
    if kept or report.removed:
        console.print(f"  decisions kept: {kept + report.removed:,}", highlight=False)
    console.print(f"List: {out}", soft_wrap=True, highlight=False)
    console.print(f"Page: {page}", soft_wrap=True, highlight=False)
