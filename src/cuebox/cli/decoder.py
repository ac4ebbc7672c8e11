"""`cuebox decoder`: from a checkpoint to a published language model, and a look at one."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cuebox.cli.output import print_json, print_table, readable_size

if TYPE_CHECKING:
    from cuebox.core.decoder import DecoderSpec
    from cuebox.core.manifest import Manifest
    from cuebox.kinds.completion.export import Exported, Known
    from cuebox.kinds.completion.export_settings import CompletionExportSettings
    from cuebox.training.decoder_parity import DecoderAgreement

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)

Store = Annotated[str | None, typer.Option(help="Folder or URL of the model store.")]
Config = Annotated[Path | None, typer.Option(help="Settings file.")]


@app.callback()
def decoder() -> None:
    """Language models: import one trained elsewhere, look at a published one."""


@app.command("import")
def import_(
    source: Annotated[
        str,
        typer.Argument(help="A folder in Hugging Face format, hf:org/name or a llama2.c .bin."),
    ],
    name: Annotated[str, typer.Option(help="Name to publish under.")],
    store: Store = None,
    alias: Annotated[
        str | None, typer.Option(help="Alias to move to the new version, such as production.")
    ] = None,
    quantization: Annotated[
        Literal["float32", "int8", "int4"], typer.Option(help="How weights are kept.")
    ] = "int8",
    group: Annotated[
        int, typer.Option(min=0, help="Columns to a scale in int4; 0: as many as fit.")
    ] = 0,
    tokenizer: Annotated[
        str, typer.Option(help="Tokenizer of a llama2.c model. Default: tok*.bin beside it.")
    ] = "",
    reference: Annotated[
        Literal["auto", "torch", "float32", "none"],
        typer.Option(help="What to compare with; auto is torch where it is installed."),
    ] = "auto",
    max_growth: Annotated[
        float | None,
        typer.Option(min=0, help="Most that quantisation may add to the perplexity, a share."),
    ] = None,
    held_out: Annotated[
        Path | None, typer.Option(help="Text it was not trained on: .txt, .jsonl, .csv, ...")
    ] = None,
    content: Annotated[
        Literal["text", "conversations"],
        typer.Option(help="What the rows of the held-out file are: texts, or turns."),
    ] = "text",
    places: Annotated[
        int, typer.Option(min=0, help="Held-out places at which confidence is measured.")
    ] = 500,
    goldens: Annotated[
        Path | None, typer.Option(help="Texts to record and replay: one a line, or a JSON list.")
    ] = None,
    license_name: Annotated[
        str, typer.Option("--license", "--licence", help="The checkpoint's, for the card.")
    ] = "",
    description: Annotated[str, typer.Option(help="A sentence or two for the card.")] = "",
    config: Config = None,
    json: Annotated[bool, typer.Option("--json", help="Print the manifest as JSON only.")] = False,
) -> None:
    """Make a served language model from a checkpoint, compare the two, and publish it."""
    from cuebox.kinds.completion.export import Known
    from cuebox.kinds.completion.export_settings import CompletionExportSettings
    from cuebox.kinds.completion.held_out_file import read_golden_texts, read_held_out

    settings = CompletionExportSettings(
        source=source,
        tokenizer=tokenizer,
        quantization=quantization,
        group=group,
        reference=reference,
        max_growth=max_growth,
        places=places,
        license=license_name,
    )
    known = Known(
        held_out=() if held_out is None else read_held_out(held_out, content),
        goldens=() if goldens is None else read_golden_texts(goldens),
        description=description,
    )
    exported, published = _export_and_publish(
        name, settings, known, config, store, alias, quiet=json
    )
    if json:
        sys.stdout.write(published.encode().decode() + "\n")
    else:
        _print(exported, published, alias)


@app.command()
def inspect(
    reference: Annotated[str, typer.Argument(help="name, name@alias or name@version.")],
    store: Store = None,
    config: Config = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show a published language model: its shape, its memory, its figures."""
    from cuebox.cli.store import open_configured
    from cuebox.core.errors import InvalidRequest
    from cuebox.kinds.completion.body import parse_body
    from cuebox.store import resolve

    manifest = resolve(open_configured(config, store), reference)
    spec = manifest.decoder
    if spec is None:
        raise InvalidRequest(
            f"{manifest.name} is of kind {manifest.kind!r} and has no decoder", param="reference"
        )
    body = parse_body(manifest.name, manifest.body)
    facts = {"model": f"{manifest.name}@{manifest.version}", **_facts(spec)}
    facts |= {"source": body.source, "licence": body.license}
    if json:
        print_json(facts | {"metrics": manifest.metrics, "confidence": body.confidence})
        return
    for fact, value in facts.items():
        shown = readable_size(value) if fact.endswith("bytes") else value
        if shown not in ("", None):
            sys.stdout.write(f"{fact.replace('_', ' '):32} {shown}\n")
    for metric, value in manifest.metrics.items():
        sys.stdout.write(f"{metric.replace('_', ' '):32} {value:.6g}\n")
    if body.confidence:
        header, points = body.confidence_table()
        sys.stdout.write("\n")
        print_table(header, (dict(zip(header, row, strict=True)) for row in points))


def _facts(spec: DecoderSpec) -> dict[str, Any]:
    """What decides the model's cost; bytes of keys and values are those at two bytes each."""
    return {
        "architecture": spec.architecture,
        "layers": spec.layers,
        "hidden": spec.hidden,
        "heads": spec.heads,
        "kv_heads": spec.kv_heads,
        "vocabulary": spec.vocab,
        "context": spec.context,
        "quantization": f"{spec.quantization}, group {spec.group}"
        if spec.group
        else spec.quantization,
        "weights_bytes": spec.weights.size,
        "keys_and_values_per_token_bytes": 4 * spec.layers * spec.kv_heads * spec.head_dim,
        "begins_with": spec.bos,
        "ends_with": spec.ends,
        "digest": spec.digest,
    }


def _export_and_publish(
    name: str,
    settings: CompletionExportSettings,
    known: Known,
    config: Path | None,
    store_url: str | None,
    alias: str | None,
    *,
    quiet: bool,
) -> tuple[Exported, Manifest]:
    from rich.console import Console

    from cuebox.app.build import completion_engine, open_store
    from cuebox.app.settings import load_settings
    from cuebox.cli.terminal import TerminalProgress
    from cuebox.core.manifest import check_name
    from cuebox.kinds.completion.export import export, publish

    if alias is not None:
        check_name(alias, param="alias")
    loaded = load_settings(config, {"store.url": store_url})
    store = open_store(loaded)
    with TemporaryDirectory() as scratch:
        exported = export(
            name,
            settings,
            Path(scratch),
            completion_engine(loaded),
            known=known,
            progress=TerminalProgress(Console(stderr=True, quiet=quiet)),
        )
        published = publish(exported, store)
    if alias is not None:
        store.move_alias(name, alias, published.version, reason="cuebox decoder import")
    return exported, published


def _print(exported: Exported, published: Manifest, alias: str | None) -> None:
    from rich.console import Console

    console = Console()
    if exported.parity:
        console.print(_parity_table(exported.parity))
    if published.decoder is not None:
        size = readable_size(published.decoder.weights.size)
        console.print(f"weights: {published.decoder.quantization}, {size}", highlight=False)
    at = f" as {alias}" if alias else ""
    console.print(f"published {published.name} {published.version}{at}", highlight=False)


def _parity_table(agreements: list[DecoderAgreement]) -> object:
    from rich.table import Table

    table = Table("", "tokens", "perplexity", "growth", "nats apart", "same token first")
    for each in agreements:
        table.add_row(
            f"{each.candidate} against {each.reference}",
            f"{each.tokens:,}",
            f"{each.perplexity:.3f}",
            f"{each.growth:+.3%}",
            f"{each.mean_difference:.5f}",
            f"{each.same_first:.2%}",
        )
    return table
