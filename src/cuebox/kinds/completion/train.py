"""From settings to a trained network in a run's folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from cuebox.core.digests import sha256_data
from cuebox.core.errors import ConfigError
from cuebox.kinds.completion.checkpoints import read_checkpoint
from cuebox.kinds.completion.loop import STABLE, TrainingLoop
from cuebox.kinds.completion.network import build_network, save_network
from cuebox.kinds.completion.prepare import data_digest, prepare
from cuebox.kinds.completion.stopping import ask_to_finish, only_process
from cuebox.training.environment import command_line, environment
from cuebox.training.runs import open_run

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.kinds.completion.prepare import Prepared
    from cuebox.kinds.completion.settings import CompletionSettings
    from cuebox.training.progress import Progress
    from cuebox.training.runs import Run

__all__ = ["MODEL_FOLDER", "Trained", "train"]

# Within the run's folder: the trained network in the HF layout.
MODEL_FOLDER = "model"
# Within the folder of a model's runs: tokenizers and token files by their digest.
_DATA_FOLDER = "data"


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained network on disk, and the documents that it is judged on.

    Attributes:
        model: folder with `config.json`, `model.safetensors` and `tokenizer.json`.
    """

    run: Run
    model: Path
    prepared: Prepared
    settings: CompletionSettings


def train(
    settings: CompletionSettings,
    *,
    base: Path,
    runs: Path,
    progress: Progress,
    resume: bool = True,
    finish: bool = False,
) -> Trained:
    """Prepare the data and train; interrupted, the same call carries on.

    Args:
        settings: what to train.
        base: folder that relative paths in the settings start from.
        runs: where run folders go.
        progress: told how far it is.
        resume: carry on an unfinished run of the same data, network and recipe. How long it
            lasts, how often it is looked at and on how many threads it runs may change.
        finish: begin the decay at once, whatever the schedule says.

    Raises:
        ConfigError, DataError, ModelError: settings, data or base do not fit.
        KeyboardInterrupt: it was stopped; a checkpoint is there.
    """
    digest = data_digest(settings, base=base)
    run = open_run(runs, settings.name, [_recipe(settings), digest], resume=resume)
    if finish:
        ask_to_finish(run.folder)
    with only_process(run.folder):
        run.log("resumed" if run.resumed else "started")
        run.write_json("settings.json", settings)
        run.write_json(
            "environment.json",
            {"command": command_line(), **environment(("torch", "transformers"))},
        )
        prepared = prepare(
            settings,
            runs / settings.name / _DATA_FOLDER,
            base=base,
            digest=digest,
            progress=progress,
        )
        run.write_json("data.json", _facts(prepared))
        folder = run.folder / MODEL_FOLDER
        if not (folder / "model.safetensors").exists():
            _train_network(settings, prepared, run, folder, base=base, progress=progress)
    return Trained(run, folder, prepared, settings)


def _train_network(
    settings: CompletionSettings,
    prepared: Prepared,
    run: Run,
    folder: Path,
    *,
    base: Path,
    progress: Progress,
) -> None:
    network = build_network(settings.network, prepared.tokenizer, base=base, seed=settings.seed)
    weights = sum(weight.numel() for weight in network.parameters())
    run.log(f"{weights / 1e6:.2f} million weights")
    held = prepared.held_out("validation")
    if not held:
        raise ConfigError("no validation documents: raise data.validation", param="data.validation")
    loop = TrainingLoop(
        network, prepared.train_parts(), held, settings, run, filler=prepared.filler
    )
    if settings.training.start:
        loop.carry_on(
            read_checkpoint(base / settings.training.start / "checkpoints" / f"{STABLE}.pt")
        )
    loop.run(progress)
    part = folder.with_name(f".{folder.name}.part")
    save_network(network, prepared.tokenizer, part)
    part.replace(folder)


def _recipe(settings: CompletionSettings) -> str:
    """A digest of what decides the weights, given the data; lengths may change on resuming."""
    training = msgspec.structs.replace(
        settings.training,
        steps=1,
        minutes=0,
        evaluate_every=1,
        evaluate_windows=1,
        checkpoint_every=1,
        compile=False,
        threads=0,
        device="",
    )
    return sha256_data([settings.network, training, settings.data.user_weight, settings.seed])


def _facts(prepared: Prepared) -> dict[str, object]:
    return {
        "digest": prepared.digest,
        "vocabulary": prepared.tokenizer.get_vocab_size(),
        "files": {
            f"{name} {split}": msgspec.to_builtins(file.facts)
            for (name, split), file in prepared.files.items()
        },
    }
