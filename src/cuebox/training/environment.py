"""Where and with what a model was made."""

from __future__ import annotations

import getpass
import platform
import shlex
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["code_revision", "command_line", "current_user", "environment"]

_PACKAGES = ("cuebox", "numpy", "onnxruntime", "scipy", "scikit-learn", "tokenizers")


def environment(extra: tuple[str, ...] = ()) -> dict[str, str]:
    """Versions of the packages that decide the outcome, Python's, and the CPU model."""
    found = {"python": platform.python_version(), "cpu": _cpu()}
    for package in (*_PACKAGES, *extra):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def code_revision() -> str:
    """The cuebox version, and the git revision when it runs from a checkout."""
    try:
        # An installed cuebox may lie inside somebody else's repository: is this file tracked?
        _git("ls-files", "--error-unmatch", Path(__file__).name)
        return f"{version('cuebox')}+{_git('describe', '--always', '--dirty', '--abbrev=12')}"
    except (OSError, subprocess.SubprocessError):
        return version("cuebox")


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        timeout=5,
        check=True,
    )
    return done.stdout.strip()


def command_line() -> str:
    """The command line of this process, quoted for a shell; the program by its bare name."""
    return shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])


def current_user() -> str:
    """Login name, for a model's history; empty where there is none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
