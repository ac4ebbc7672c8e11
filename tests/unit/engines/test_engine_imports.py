"""Importing the engines: nothing is reported home, and an absent one is explained."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cuebox.core.errors import ModelError
from cuebox.engines.opener import DecoderOpener
from tests.fakes.decoder_files import tiny_decoder

if TYPE_CHECKING:
    from pathlib import Path


def _run(code: str, **environment: str) -> str:
    found = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
    )
    assert found.stderr == ""
    return found.stdout.strip()


def test_openvino_is_loaded_without_what_reports_its_use() -> None:
    code = (
        "import sys, cuebox.engines.openvino_decoder\n"
        "print([name for name in sys.modules"
        " if 'telemetry' in name or name.startswith('openvino.tools.ovc') or name == 'torch'])"
    )
    assert _run(code) == "[]"


def test_onnxruntime_leaves_no_trace_of_a_session_to_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)  # as a user's shell has it
    _run("import cuebox, onnxruntime", TMPDIR=str(tmp_path), HOME=str(tmp_path))
    assert list(tmp_path.rglob("*")) == []


def test_missing_openvino_tells_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("cuebox.engines.")]:
        if name.rsplit(".", 1)[1] not in {"opener", "settings"}:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ModelError, match=r"pip install 'cuebox\[completions\]'"):
        DecoderOpener()(*tiny_decoder(tmp_path))
