"""The model card: what a language model is, where it comes from, and how good it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.kinds.completion.body import parse_body

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cuebox.core.manifest import Manifest
    from cuebox.kinds.completion.body import CompletionBody
    from cuebox.training.decoder_parity import DecoderAgreement

__all__ = ["write_card"]

_CONFIDENCE = (
    "Suggestions up to the end of a word, a clause or a sentence, or as far as the keys that may "
    "be expected to be saved are most (gain), at places inside words and before them; right are "
    "those that the writer went on to write exactly."
)


def write_card(
    manifest: Manifest,
    *,
    parameters: int,
    agreements: Sequence[DecoderAgreement],
    description: str = "",
) -> str:
    """Markdown.

    Args:
        parameters: how many values the model has, before quantisation.
        description: what it is for, a sentence or two.
    """
    body = parse_body(manifest.name, manifest.body)
    lines = [f"# {manifest.name}", ""]
    if description:
        lines += [description, ""]
    lines += _table(("", ""), _facts(manifest, body.license, body.source, parameters).items())
    if manifest.metrics:
        lines += ["", "## Measured on held-out text", ""]
        lines += _table(("", ""), ((key, f"{at:.5g}") for key, at in manifest.metrics.items()))
    for agreement in agreements:
        lines += ["", *_agreement(agreement)]
    if body.confidence:
        lines += ["", *_confidence(body)]
    return "\n".join(lines) + "\n"


def _facts(manifest: Manifest, license_name: str, source: str, parameters: int) -> dict[str, str]:
    spec = manifest.decoder
    if spec is None:
        return {}
    weights = f"{spec.quantization}, {spec.weights.size / 1e6:.1f} MB"
    if spec.group:
        weights += f", {spec.group} columns to a scale"
    return {
        "source": f"`{source}`",
        "licence": license_name or "not stated",
        "architecture": f"{spec.architecture}, {spec.layers} layers, {spec.hidden} wide, "
        f"{spec.heads} heads",
        "parameters": f"{parameters:,}",
        "vocabulary": f"{spec.vocab:,} tokens",
        "context": f"{spec.context:,} tokens",
        "weights": weights,
        "made by": f"`{manifest.provenance.command}`",
        "with": f"cuebox {manifest.provenance.code_revision}",
    }


def _agreement(agreement: DecoderAgreement) -> list[str]:
    return [
        f"## {agreement.candidate} against {agreement.reference}, {agreement.tokens:,} tokens",
        "",
        *_table(
            ("", ""),
            {
                "perplexity": f"{agreement.reference_perplexity:.4f} → {agreement.perplexity:.4f} "
                f"({agreement.growth:+.2%})",
                "log-probability of the text's tokens": f"{agreement.mean_difference:.5f} nats "
                f"apart on average, {agreement.largest_difference:.4f} at most",
                "divergence": f"{agreement.divergence:.6f} nats a token",
                "same token most probable": f"{agreement.same_first:.2%} of places",
            }.items(),
        ),
    ]


def _confidence(body: CompletionBody) -> list[str]:
    header, rows = body.confidence_table()
    title = "## How often a suggestion is right, by how many are shown"
    return [title, "", _CONFIDENCE, "", *_table(header, rows)]


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [_row(header), "|---" * len(header) + "|", *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
