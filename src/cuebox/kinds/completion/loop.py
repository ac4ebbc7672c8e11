"""The steps of a training, and the state that an interrupted one carries on from."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from cuebox.kinds.completion.checkpoints import Checkpoints
from cuebox.kinds.completion.curve import Curve, Look
from cuebox.kinds.completion.device import Device
from cuebox.kinds.completion.held_out import HeldOut
from cuebox.kinds.completion.loss import weighted_cross_entropy
from cuebox.kinds.completion.optimizers import Optimizers
from cuebox.kinds.completion.schedule import decay_steps, rate
from cuebox.kinds.completion.stopping import StopSignal, wants_finish
from cuebox.kinds.completion.stream import WindowStream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cuebox.kinds.completion.packing import Part
    from cuebox.kinds.completion.settings import CompletionSettings
    from cuebox.kinds.completion.token_file import TokenFile
    from cuebox.training.progress import Progress, Step
    from cuebox.training.runs import Run

__all__ = ["BEST", "STABLE", "TrainingLoop"]

# Names of the checkpoints that stay: the best weights, and where the decay began.
BEST, STABLE = "best", "stable"


class TrainingLoop:
    """One training from its first step to its last, over as many sessions as it takes."""

    def __init__(
        self,
        network: Any,  # noqa: ANN401 - a torch module
        train: Sequence[Part],
        held: Mapping[str, TokenFile],
        settings: CompletionSettings,
        run: Run,
        *,
        filler: int,
    ) -> None:
        self._settings, self._wanted = settings, settings.training
        self._limit = round(settings.training.minutes * 60)
        context = settings.network.context
        self._device = Device(self._wanted)
        self._network = network.to(self._device.name)
        self._body = self._device.compiled(network.base_model)
        self._optimizers = Optimizers(network, self._wanted)
        self._run = run
        self._stream = WindowStream(
            train,
            context=context,
            user_weight=settings.data.user_weight,
            filler=filler,
            seed=settings.seed,
        )
        self._held = HeldOut(held, context, self._wanted.evaluate_windows, filler=filler)
        self._checkpoints = Checkpoints(run.folder / "checkpoints")
        self._curve = Curve(run)
        self._step, self._seconds = 0, 0.0
        self._decay_from: int | None = None
        self._decay = 0
        self._losses: list[float] = []

    def run(self, progress: Progress) -> None:
        """Train to the end of the schedule; the network then has the best weights seen.

        Raises:
            KeyboardInterrupt: SIGINT or SIGTERM came; a checkpoint was written first.
        """
        state = self._checkpoints.newest()
        if state is not None:
            self._load(state)
            self._run.log(f"carried on after step {self._step:,}")
        with (
            progress.stage("Training", self._wanted.steps or self._limit) as shown,
            StopSignal() as stop,
        ):
            shown(self._passed(), self._said())
            self._until_done(shown, stop)
        best = self._checkpoints.named(BEST)
        if best is not None:
            self._network.load_state_dict(best["network"])

    def carry_on(self, state: dict[str, Any]) -> None:
        """Begin where the stable phase of another run ended, with its data position."""
        if self._checkpoints.newest() is None:
            self._load(state)
            self._decay_from, self._decay = None, 0
            self._checkpoints.save(self._step, self._state())

    def _until_done(self, shown: Step, stop: StopSignal) -> None:
        while not self._done():
            started, passed = time.monotonic(), self._passed()
            self._maybe_decay()
            self._update()
            self._seconds += time.monotonic() - started
            shown(self._passed() - passed, self._said())
            due = self._step % self._wanted.checkpoint_every == 0
            if self._step % self._wanted.evaluate_every == 0 or self._done():
                self._look()
                due = due or self._done()
            if due or stop.asked:
                self._checkpoints.save(self._step, self._state())
            if stop.asked:
                self._run.log(f"stopped after step {self._step:,}")
                raise KeyboardInterrupt

    def _passed(self) -> int:
        """Steps made, or seconds where time alone decides."""
        return self._step if self._wanted.steps else round(self._seconds)

    def _done(self) -> bool:
        return self._decay_from is not None and self._step >= self._decay_from + self._decay

    def _maybe_decay(self) -> None:
        """Begin the decay when steps or time say so, or somebody asked for the end."""
        if self._decay_from is not None:
            return
        share, steps, limit = self._wanted.decay, self._wanted.steps, self._limit
        planned = round(steps * share)
        if steps and self._step >= steps - planned:
            self._begin_decay(max(1, steps - self._step))
        elif (limit and self._seconds >= limit * (1 - share)) or wants_finish(self._run.folder):
            self._begin_decay(decay_steps(self._step, share))

    def _begin_decay(self, steps: int) -> None:
        self._checkpoints.keep(STABLE, self._state())
        self._decay_from, self._decay = self._step, steps
        self._run.log(f"decay from step {self._step:,} over {steps:,} steps")

    def _update(self) -> None:
        batch = self._stream.next(self._wanted.batch)
        inputs, targets, weights = self._device.tensors(batch.inputs, batch.targets, batch.weights)
        weights = weights.flatten()
        rows = weights.nonzero().squeeze(1)
        with self._device.precision():
            states = self._body(input_ids=inputs, use_cache=False).last_hidden_state
        loss = weighted_cross_entropy(
            states.flatten(0, 1)[rows],
            self._network.get_output_embeddings().weight,
            targets.flatten()[rows],
            weights[rows],
            low_precision=self._device.low_precision,
        )
        loss.backward()
        self._optimizers.step(self._rate(self._step))
        self._losses.append(float(loss.detach()))
        self._step += 1

    def _rate(self, step: int) -> float:
        return rate(
            step,
            warmup=self._wanted.warmup,
            decay_from=self._decay_from,
            decay=self._decay,
        )

    def _look(self) -> None:
        """Measure the validation documents, and keep the weights when they are the best."""
        look = Look(
            step=self._step,
            tokens=self._step * self._wanted.batch * self._settings.network.context / 1e6,
            epoch=self._stream.passes,
            minutes=self._seconds / 60,
            rate=self._rate(self._step - 1),
            train_loss=float(np.mean(self._losses)) if self._losses else 0.0,
            bits=self._held.bits(self._network, self._device),
        )
        self._losses.clear()
        if self._curve.add(look):
            self._checkpoints.keep(BEST, {"network": self._network.state_dict()})
        parts = ", ".join(f"{name} {bits:.3f}" for name, bits in look.bits.items())
        self._run.log(
            f"step {look.step:,}, {look.minutes:.1f} min, epoch {look.epoch:.2f}, rate "
            f"{look.rate:.2f}, loss {look.train_loss:.3f}, bits per character: {parts}"
        )

    def _said(self) -> str:
        if not self._curve.looks:
            return f"loss {self._losses[-1]:.2f}" if self._losses else "first steps"
        last = self._curve.looks[-1]
        return f"step {self._step:,}, {last.mean_bits:.3f} bits per character"

    def _state(self) -> dict[str, Any]:
        return {
            "network": self._network.state_dict(),
            "optimizers": self._optimizers.state(),
            "step": self._step,
            "seconds": self._seconds,
            "epoch": self._stream.epoch,
            "window": self._stream.window,
            "decay_from": self._decay_from,
            "decay": self._decay,
            "losses": list(self._losses),
            "looks": msgspec.to_builtins(self._curve.looks),
        }

    def _load(self, state: dict[str, Any]) -> None:
        self._network.load_state_dict(state["network"])
        self._optimizers.load(state["optimizers"])
        self._step, self._seconds = state["step"], state["seconds"]
        self._stream.go_to(state["epoch"], state["window"])
        self._decay_from, self._decay = state["decay_from"], state["decay"]
        self._losses = list(state["losses"])
        self._curve = Curve(self._run, msgspec.convert(state["looks"], list[Look]))
