"""`cuebox evaluate` of a reply model: how much typing its suggestions save."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from cuebox.cli.output import print_json
from cuebox.cli.reply_models import ReplyModels
from cuebox.core.errors import ConfigError, DataError
from cuebox.reports.typing_scores import wrong_at_saved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from cuebox.app.settings import Settings
    from cuebox.cli.reply_models import ReplyOptions
    from cuebox.core.ports import ModelStore
    from cuebox.kinds.reply.conversations.reading import Conversation
    from cuebox.kinds.reply.replay.judging import Judge
    from cuebox.reports.typing_report import TypingReport
    from cuebox.reports.typing_scores import SuggesterScores

__all__ = ["evaluate_reply"]


def evaluate_reply(
    model: str,
    data: Path | None,
    options: ReplyOptions,
    settings: Settings,
    store: ModelStore,
    *,
    runs: Path,
    output: Path | None,
    as_json: bool,
) -> None:
    """Type held-out conversations again, print the figures and write a report.

    Args:
        model: reference of a reply model, or the TOML file it was trained from.
        data: a file of conversations; None takes those of the TOML file.
        output: folder of the report; None takes the run's own.

    Raises:
        ConfigError, DataError, ModelError: model, data or completion model do not fit.
        Unavailable: the server cannot be reached, or answered an error.
    """
    from cuebox.store.references import resolve

    config = Path(model) if model.endswith(".toml") else None
    reference, conversations = _read(model, config, data)
    models = ReplyModels(settings, store, resolve(store, reference), options)
    report, folder = _report(models, conversations, options, runs)
    _write(report, output or folder)
    if as_json:
        print_json(_figures(report))
        return
    from rich.console import Console

    console = Console()
    console.print(_table(report))
    console.print(f"Report: {(output or folder) / 'report.html'}", soft_wrap=True)


def _read(model: str, config: Path | None, data: Path | None) -> tuple[str, list[Conversation]]:
    """The model's reference, and conversations of all splits."""
    from cuebox.kinds.reply.conversations.reading import read_conversations
    from cuebox.kinds.reply.conversations.source import ConversationSource

    base = Path.cwd()
    sources = [ConversationSource(path=str(data))] if data else []
    if config is not None:
        from cuebox.kinds.reply.settings import load_reply_settings

        loaded = load_reply_settings(config)
        model = loaded.name
        if data is None:
            sources, base = loaded.sources, config.parent
    if not sources:
        raise ConfigError(
            f"which conversations? Give --data FILE, or the TOML file instead of {model!r}"
        )
    return model, [one for source in sources for one in read_conversations(source, base=base)]


def _report(
    models: ReplyModels, conversations: Sequence[Conversation], options: ReplyOptions, runs: Path
) -> tuple[TypingReport, Path]:
    """Judge the model and the baselines; also the run's folder."""
    from rich.console import Console

    from cuebox.cli.terminal import TerminalProgress
    from cuebox.kinds.reply.replay.judging import Judge, Suggester, conversations_digest
    from cuebox.kinds.reply.replay.replay import sample_conversations
    from cuebox.reports.typing_report import TypingReport
    from cuebox.training.runs import open_run

    held_out = [one for one in conversations if one.split == options.split]
    if not held_out:
        raise DataError(f"the data has no conversations of the split {options.split!r}")
    sample = sample_conversations(held_out, options.sample, seed=options.seed)
    manifest = models.manifest
    key = [models.digest(), conversations_digest(conversations)]
    run = open_run(runs, f"{manifest.name}-evaluate", key)
    judge = Judge(
        sample, run.folder, TerminalProgress(Console(stderr=True)), workers=options.workers
    )
    policy = models.policy()
    with ExitStack() as stack:
        suggester = Suggester(manifest.name, "as it is set", models.suggest(stack), policy)
        whole, parts = judge.model(suggester)
    report = TypingReport(
        name=manifest.name,
        version=manifest.version,
        split=options.split,
        conversations=len(sample),
        available=len(held_out),
        model=whole,
        parts=parts if models.completes else [],
        baselines=_baselines(judge, conversations, models, options),
        shown=models.shown(policy),
        facts=models.facts(),
    )
    run.finish()
    return report, run.folder


def _baselines(
    judge: Judge,
    conversations: Sequence[Conversation],
    models: ReplyModels,
    options: ReplyOptions,
) -> list[SuggesterScores]:
    from cuebox.kinds.reply.replay.judging import baselines

    if not options.baselines:
        return []
    train = [one for one in conversations if one.split == "train"]
    if not train:
        sys.stderr.write("cuebox: no conversations of the split 'train', so no baselines\n")
        return []
    found = baselines(train, models.embed_training(), replies=options.replies)
    return [judge.baseline(one) for one in found]


def _write(report: TypingReport, folder: Path) -> None:
    import msgspec

    from cuebox.reports.typing_page import render_typing_page

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    (folder / "report.html").write_text(render_typing_page(report), encoding="utf-8")


def _figures(report: TypingReport) -> dict[str, object]:
    """The headline figures for a program, by suggester."""
    suggesters = [report.model, *report.parts, *report.baselines]
    return {
        "model": f"{report.name}@{report.version}",
        "split": report.split,
        "conversations": report.conversations,
        "suggesters": {
            one.name: {**_flat(one), "wrong_shown_at_80_saved": wrong_at_saved(one.curve, 0.8)}
            for one in suggesters
        },
    }


def _table(report: TypingReport) -> Table:
    """The headline figures for a person, a row for each suggester."""
    from rich.table import Table

    table = Table(
        title=f"{report.name} on {report.conversations:,} {report.split} conversations",
        title_justify="left",
        caption="typed text saved; shows with something taken; shows in vain per 100 keys",
        caption_justify="left",
    )
    rows = [_flat(one) for one in (report.model, *report.parts, *report.baselines)]
    columns = list(rows[0])
    table.add_column("what is shown")
    for column in columns:
        table.add_column(column.replace("_", " "), justify="right")
    for one, row in zip([report.model, *report.parts, *report.baselines], rows, strict=True):
        cells = (_cell(column, row.get(column)) for column in columns)
        table.add_row(one.name, *cells)
    return table


def _flat(one: SuggesterScores) -> dict[str, float]:
    most = one.at[-1]
    saved = {f"saved_at_{at.replies}": at.overall.figures["saved"].value for at in one.at}
    kinds = {
        f"{group.name}_at_{most.replies}": group.figures["saved"].value
        for group in most.groups.get("turn_kind", [])
    }
    figures = most.overall.figures
    rates = {name: figures[name].value for name in ("acceptance", "shown", "wrong_shown")}
    return {**saved, **kinds, **rates}


def _cell(column: str, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.1f}" if column == "wrong_shown" else f"{value:.1%}"
