"""How good the trained classifiers of a store are, beside the known figures.

Regime: the versions in production of the store given with `--store`, each with the figures that
its own training measured on held-out test rows with the exported head and the served int8 encoder
(`cuebox evaluate examples/heads/NAME.toml` measures them again). Heads whose encoder is not that
of `--encoder` were fine-tuned with it.

Method: reads manifests, measures nothing. Known figures: banking77 93.1 % for a small encoder and
a linear head, 94.9 % best known; clinc150 97.3 % best known. Micro F1 of a single-label head is its
accuracy, so the column of accuracy holds the share of rows with exactly the right labels for
multi-label heads.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchmarks.heads import find_encoder
from benchmarks.outcome import Outcome, options
from cuebox.store import open_store, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cuebox.core.manifest import Manifest

# Data set, fine-tuned or not, the bar, and the best known figure; accuracy in per cent.
_BARS = (
    ("banking77", False, 92.0, 94.9),
    ("banking77", True, 93.5, 94.9),
    ("clinc150", False, 94.0, 97.3),
    ("clinc150", True, 96.5, 97.3),
)


def _percent(metrics: dict[str, float], *names: str) -> str:
    for name in names:
        if name in metrics:
            return f"{100 * metrics[name]:.1f}"
    return "-"


def _row(manifest: Manifest, *, fine_tuned: bool) -> list[str]:
    metrics, body = manifest.metrics, manifest.body
    head = f"{body.get('head', '')}{', fine-tuned encoder' if fine_tuned else ''}"
    return [
        manifest.name, head, str(len(body.get("labels", ()))),
        _percent(metrics, "accuracy", "subset_accuracy"), _percent(metrics, "weighted_f1"),
        _percent(metrics, "macro_f1"), _percent(metrics, "top_3_accuracy"),
        _percent(metrics, "ece"), _percent(metrics, "out_of_scope_recall"),
        _percent(metrics, "out_of_scope_auroc"),
    ]  # fmt: skip


def _classifiers(where: str) -> Iterable[Manifest]:
    store = open_store(where, cache_dir=".cuebox/cache")
    for name in store.names():
        record = store.aliases(name).get("production")
        if record is not None and record.version is not None:
            manifest = resolve(store, name)
            if manifest.kind == "classifier" and manifest.metrics:
                yield manifest


def _bar(outcome: Outcome, found: list[tuple[Manifest, bool]]) -> None:
    for data, tuned, wanted, known in _BARS:
        accuracies = [
            100 * manifest.metrics.get("accuracy", 0.0)
            for manifest, fine_tuned in found
            if manifest.name.split("-")[0] == data
            and len(manifest.body.get("labels", ())) in {77, 150}
            and "imbalanced" not in manifest.name
            and fine_tuned == tuned
        ]
        best = max(accuracies, default=0.0)
        kind = "fine-tuned" if tuned else "frozen encoder"
        outcome.bar(f"{data} accuracy, {kind}", f"at least {wanted} % (best known {known} %)",
                    f"{best:.1f} %" if best else "not trained", met=best >= wanted)  # fmt: skip


def main() -> None:
    """Run the benchmark."""
    arguments = options(__doc__).parse_args()
    if arguments.store is None:
        sys.exit("quality: which store? Give --store")
    frozen = find_encoder(arguments.encoder)[0].digest
    regime = "held-out test rows; per cent"
    with Outcome("quality", regime) as outcome:
        found = [
            (manifest, manifest.encoder is not None and manifest.encoder.digest != frozen)
            for manifest in _classifiers(arguments.store)
        ]
        outcome.table(
            "Trained classifiers, test rows",
            ["classifier", "head", "labels", "accuracy", "weighted F1", "macro F1", "top 3", "ECE",
             "out-of-scope recall", "AUROC"],
            [_row(manifest, fine_tuned=tuned) for manifest, tuned in found],
        )  # fmt: skip
        _bar(outcome, found)
        outcome.figures = {manifest.name: manifest.metrics for manifest, _ in found}


if __name__ == "__main__":
    main()
