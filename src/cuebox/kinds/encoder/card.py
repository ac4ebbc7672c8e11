"""The model card: what an encoder is, where it comes from, how true and how fast it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cuebox.core.manifest import Manifest
    from cuebox.training.parity import ParityReport

__all__ = ["write_card"]


def write_card(
    manifest: Manifest,
    *,
    origin: str,
    license_name: str,
    parity: Sequence[ParityReport],
    speed: Mapping[int, float],
) -> str:
    """Markdown."""
    spec = manifest.encoder
    if spec is None:
        return f"# {manifest.name}\n"
    facts = {
        "source": f"`{origin}`",
        "licence": license_name or "not stated",
        "architecture": spec.architecture,
        "embedding": f"{spec.dim} values, {spec.pooling} pooling"
        + (", unit length" if spec.normalize else ""),
        "longest text": f"{spec.max_tokens} tokens",
        "weights": f"{spec.quantization}, {spec.model.size / 1e6:.1f} MB",
        "made by": f"`{manifest.provenance.command}`",
        "with": f"cuebox {manifest.provenance.code_revision}",
    }
    lines = [f"# {manifest.name}", "", "| | |", "|---|---|"]
    lines += [f"| {key} | {value} |" for key, value in facts.items()]
    for report in parity:
        lines += ["", *_parity_table(report)]
    lines += ["", *_speed_table(manifest, speed)]
    return "\n".join(lines) + "\n"


def _parity_table(report: ParityReport) -> list[str]:
    return [
        f"## {report.candidate} against {report.reference}, cosine similarity",
        "",
        "| how it was run | texts | mean | worst 1 % | worst |",
        "|---|---|---|---|---|",
        *(
            f"| {row.regime} | {row.texts} | {row.mean:.5f} | {row.p1:.5f} | {row.min:.5f} |"
            for row in report.rows
        ),
    ]


def _speed_table(manifest: Manifest, speed: Mapping[int, float]) -> list[str]:
    environment = manifest.provenance.environment
    cpu, engine = environment.get("cpu", "this machine"), environment.get("onnxruntime", "")
    return [
        f"## Speed, one core of {cpu}, onnxruntime {engine}",
        "",
        "| tokens | " + " | ".join(str(length) for length in speed) + " |",
        "|---|" + "---|" * len(speed),
        "| milliseconds | " + " | ".join(f"{ms:.2f}" for ms in speed.values()) + " |",
    ]
