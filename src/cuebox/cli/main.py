"""The `cuebox` command: one verb, one file, imported only when it is used."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from cuebox.core.errors import CueboxError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["app", "main", "run"]

# Verb to its module, in the order of a model's life; each module has a `typer.Typer` named `app`.
_VERBS = {
    "demo": "cuebox.cli.demo",
    "encoder": "cuebox.cli.encoder",
    "decoder": "cuebox.cli.decoder",
    "replies": "cuebox.cli.replies",
    "train": "cuebox.cli.train",
    "evaluate": "cuebox.cli.evaluate",
    "store": "cuebox.cli.store",
    "promote": "cuebox.cli.promote",
    "rollback": "cuebox.cli.rollback",
    "serve": "cuebox.cli.serve",
    "keys": "cuebox.cli.keys",
    "predict": "cuebox.cli.predict",
    "log": "cuebox.cli.log",
    "loadtest": "cuebox.cli.loadtest",
}

_USER_ERROR = 2


class _Verbs(TyperGroup):
    """Loads a verb's module when it is called, so that `serve` never pays for `train`."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - click's signature
        return list(_VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002
        module = _VERBS.get(cmd_name)
        if module is None:
            return None
        command = typer.main.get_command(importlib.import_module(module).app)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=_Verbs,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def _cuebox() -> None:
    """Train, publish and serve the transformer models of a product."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; a `CueboxError` becomes one clear line.

    Returns:
        The exit status: 2 for a mistake of the user.
    """
    try:
        app(args=arguments, prog_name="cuebox")
    except CueboxError as error:
        sys.stderr.write(f"cuebox: {error.message}\n")
        return _USER_ERROR
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def main() -> None:
    """Entry point of the `cuebox` script."""
    sys.exit(run())
