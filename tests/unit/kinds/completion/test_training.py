from __future__ import annotations

import _thread
import csv
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from cuebox.core.errors import ConfigError, ModelError
from cuebox.kinds.completion.settings import CompletionSettings
from cuebox.training.progress import SilentProgress

if TYPE_CHECKING:
    from pathlib import Path

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

pytestmark = [
    pytest.mark.torch,
    # torch's optimizers and compiled parts warn about what they will change themselves
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

Make = Callable[..., CompletionSettings]


def train(settings: CompletionSettings, base: Path, **options: Any) -> Any:
    from cuebox.kinds.completion.train import train

    options = {"runs": base / "runs", "progress": SilentProgress(), **options}
    return train(settings, base=base, **options)


def weights(folder: Path) -> dict[str, np.ndarray[Any, Any]]:
    from safetensors.numpy import load_file

    return dict(load_file(folder / "model.safetensors"))


def same(left: Path, right: Path) -> bool:
    one, other = weights(left), weights(right)
    return one.keys() == other.keys() and all(
        np.array_equal(one[name], other[name]) for name in one
    )


class StopAfter(SilentProgress):
    """Sends this process a signal when a training has made so many steps in this session."""

    def __init__(self, steps: int, number: int = signal.SIGINT) -> None:
        self._steps, self._number = steps, number

    @contextmanager
    def stage(self, name: str, total: int) -> Iterator[Any]:
        made = -1  # where it stands is told once before the first step

        def step(advance: int, note: str = "") -> None:
            nonlocal made
            made += 1
            if name == "Training" and made == self._steps:
                # Python's handler alone: the kernel cannot deliver a signal on an alternate stack
                # (faulthandler's) which was made before AMX widened the registers to be saved.
                _thread.interrupt_main(signal.Signals(self._number))

        yield step


def test_a_network_learns_the_texts(texts: Path, make_settings: Make) -> None:
    trained = train(make_settings(training={"steps": 80, "evaluate_every": 20}), texts)
    with (trained.run.folder / "curve.csv").open(encoding="utf-8") as file:
        curve = list(csv.DictReader(file))
    assert [row["step"] for row in curve] == ["20", "40", "60", "80"]
    assert float(curve[-1]["bits texts"]) < float(curve[0]["bits texts"]) - 0.3
    assert float(curve[-1]["rate"]) < 0.2
    assert {path.name for path in trained.model.iterdir()} >= {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
    }


def test_the_same_settings_give_the_same_weights(texts: Path, make_settings: Make) -> None:
    first = train(make_settings(), texts, runs=texts / "one")
    second = train(make_settings(), texts, runs=texts / "two")
    third = train(make_settings(seed=8), texts, runs=texts / "three")
    assert same(first.model, second.model)
    assert not same(first.model, third.model)


@pytest.mark.parametrize("path", ["texts.jsonl", "turns.jsonl"])
def test_an_interrupted_training_ends_like_an_uninterrupted_one(
    path: str, texts: Path, conversations: Path, make_settings: Make
) -> None:
    settings = make_settings(path)
    whole = train(settings, texts, runs=texts / "whole")
    for steps in (3, 7):
        with pytest.raises(KeyboardInterrupt):
            train(settings, texts, progress=StopAfter(steps))
    resumed = train(settings, texts)
    assert same(whole.model, resumed.model)
    logged = (resumed.run.folder / "log.txt").read_text()
    assert "stopped after step 3" in logged
    assert "carried on after step 10" in logged


def test_a_killed_training_ends_like_an_uninterrupted_one(texts: Path, make_settings: Make) -> None:
    settings = make_settings()
    whole = train(settings, texts, runs=texts / "whole")
    script = (
        "import os, signal, sys, msgspec\n"
        "from pathlib import Path\n"
        "from cuebox.kinds.completion.settings import parse_completion_settings\n"
        "from cuebox.kinds.completion.train import train\n"
        "from cuebox.kinds.completion.loop import TrainingLoop\n"
        "from cuebox.training.progress import SilentProgress\n"
        "update = TrainingLoop._update\n"
        "def dies(self):\n"
        "    if self._step == 6: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    update(self)\n"
        "TrainingLoop._update = dies\n"
        "base = Path(sys.argv[1])\n"
        "settings = parse_completion_settings(msgspec.json.decode(sys.argv[2]), source='x')\n"
        "train(settings, base=base, runs=base / 'runs', progress=SilentProgress())\n"
    )
    import msgspec

    document = msgspec.json.encode(settings).decode()
    killed = subprocess.run([sys.executable, "-c", script, str(texts), document], check=False)
    assert killed.returncode == -signal.SIGKILL
    resumed = train(settings, texts)
    assert "carried on after step 4" in (resumed.run.folder / "log.txt").read_text()
    assert same(whole.model, resumed.model)


def test_tokens_are_made_once(texts: Path, make_settings: Make) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(make_settings(), texts, progress=StopAfter(2))
    [stored] = (texts / "runs" / "tiny" / "data").glob("*/texts-train/tokens.bin")
    written = stored.stat().st_mtime_ns
    train(make_settings(), texts)
    assert stored.stat().st_mtime_ns == written


def test_finishing_early_decays_from_where_it_is(texts: Path, make_settings: Make) -> None:
    settings = make_settings(training={"steps": 0, "minutes": 1000, "decay": 0.25})
    with pytest.raises(KeyboardInterrupt):
        train(settings, texts, progress=StopAfter(9))
    trained = train(settings, texts, finish=True)
    assert "decay from step 9 over 3 steps" in (trained.run.folder / "log.txt").read_text()


def test_a_stable_phase_is_carried_on(texts: Path, make_settings: Make) -> None:
    short = train(make_settings(training={"steps": 8}), texts)
    longer = train(
        make_settings(training={"steps": 16, "start": str(short.run.folder)}),
        texts,
        runs=texts / "longer",
    )
    whole = train(make_settings(training={"steps": 16}), texts, runs=texts / "whole")
    assert "carried on after step 6" in (longer.run.folder / "log.txt").read_text()
    assert same(longer.model, whole.model)


def test_one_run_is_trained_by_one_process(texts: Path, make_settings: Make) -> None:
    from cuebox.kinds.completion.stopping import only_process

    with pytest.raises(KeyboardInterrupt):
        train(make_settings(), texts, progress=StopAfter(2))
    [folder] = (texts / "runs" / "tiny").glob("20*")
    with only_process(folder), pytest.raises(ModelError, match="another process"):
        train(make_settings(), texts)


def test_a_base_is_fine_tuned_with_its_own_tokenizer(
    texts: Path, conversations: Path, make_settings: Make
) -> None:
    base = train(make_settings(training={"steps": 40}), texts, runs=texts / "base")
    tuned = train(
        make_settings(
            "turns.jsonl",
            network={"base": str(base.model), "context": 32},
            training={"steps": 60, "optimizer": "adamw", "evaluate_every": 20},
        ),
        texts,
    )
    names = json.loads((tuned.model / "tokenizer.json").read_text())["added_tokens"]
    assert {"<|user|>", "<|agent|>", "<|end|>"} <= {token["content"] for token in names}
    assert json.loads((tuned.model / "config.json").read_text())["vocab_size"] == 300
    with (tuned.run.folder / "curve.csv").open(encoding="utf-8") as file:
        curve = list(csv.DictReader(file))
    assert float(curve[-1]["bits turns"]) < float(curve[0]["bits turns"])


def test_a_gpt2_network_trains(texts: Path, make_settings: Make) -> None:
    trained = train(make_settings(network={"architecture": "gpt2"}), texts)
    assert json.loads((trained.model / "config.json").read_text())["model_type"] == "gpt2"


@pytest.mark.parametrize(
    ("network", "message"),
    [({"base": "nowhere"}, "no config.json"), ({"base": "model", "context": 64}, "at most 32")],
)
def test_a_base_that_does_not_fit_is_named(
    network: dict[str, Any], message: str, texts: Path, make_settings: Make
) -> None:
    base = train(make_settings(training={"steps": 2}), texts, runs=texts / "base")
    base.model.rename(texts / "model")
    with pytest.raises((ModelError, ConfigError), match=message):
        train(make_settings(network=network), texts)


def test_bfloat16_learns_as_float32_does(texts: Path, make_settings: Make) -> None:
    from cuebox.kinds.completion.curve import read_curve

    found = {}
    for precision in ("fp32", "bf16"):
        training = {"steps": 40, "precision": precision, "evaluate_every": 40}
        trained = train(make_settings(training=training), texts, runs=texts / precision)
        found[precision] = read_curve(trained.run.folder)[-1].mean_bits
    assert found["bf16"] == pytest.approx(found["fp32"], rel=0.05)


def test_the_loss_is_the_weighted_cross_entropy_and_so_are_its_gradients() -> None:
    from cuebox.kinds.completion.loss import weighted_cross_entropy

    torch.manual_seed(3)
    targets = torch.randint(0, 50, (600,))
    shares = torch.rand(600)
    grads = []
    for exact in (True, False):
        torch.manual_seed(4)
        states = torch.randn(600, 16, requires_grad=True)
        table = torch.randn(50, 16, requires_grad=True)
        if exact:
            each = torch.nn.functional.cross_entropy(states @ table.T, targets, reduction="none")
            loss = (each * shares).sum() / shares.sum()
        else:
            loss = weighted_cross_entropy(states, table, targets, shares, low_precision=False)
        (3 * loss).backward()
        grads.append((loss.detach(), states.grad, table.grad))
    for left, right in zip(*grads, strict=True):
        torch.testing.assert_close(left, right, atol=1e-5, rtol=1e-4)
