"""The `cuebox` command: one verb, one file, imported only when it is used."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import click
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
    "train": "cuebox.cli.train",
    "evaluate": "cuebox.cli.evaluate",
    "store": "cuebox.cli.store",
    "promote": "cuebox.cli.promote",
    "rollback": "cuebox.cli.rollback",
    "serve": "cuebox.cli.serve",
    "keys": "cuebox.cli.keys",
    "predict": "cuebox.cli.predict",
    "loadtest": "cuebox.cli.loadtest",
}


class _Verbs(TyperGroup):
    """Loads a verb's module when it is called, so that `serve` never pays for `train`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        module = _VERBS.get(cmd_name)
        if module is None:
            return None
        command = typer.main.get_command(importlib.import_module(module).app)
        command.name = cmd_name
        return command


app = typer.Typer(cls=_Verbs, no_args_is_help=True, add_completion=False, rich_markup_mode=None)


@app.callback()
def _cuebox() -> None:
    """Train, publish and serve the transformer models of a product."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; a `CueboxError` becomes one clear line and exit status 2."""
    try:
        result: Any = app(args=arguments, standalone_mode=False, prog_name="cuebox")
    except CueboxError as error:
        _say(error.message)
        return 2
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        _say("interrupted")
        return 130
    return result if isinstance(result, int) else 0


def main() -> None:
    """Entry point of the `cuebox` script."""
    sys.exit(run())


def _say(message: str) -> None:
    sys.stderr.write(f"cuebox: {message}\n")
