"""Importing OpenVINO: nothing is reported home, and its absence is explained."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cuebox.core.errors import ModelError
from cuebox.engines.opener import DecoderOpener
from tests.fakes.decoder_files import tiny_decoder

if TYPE_CHECKING:
    from pathlib import Path


def test_no_telemetry_and_no_conversion_tools_are_loaded() -> None:
    code = (
        "import sys, cuebox.engines.openvino_decoder\n"
        "print([name for name in sys.modules"
        " if 'telemetry' in name or name.startswith('openvino.tools.ovc') or name == 'torch'])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert found.stdout.strip() == "[]"
    assert found.stderr == ""


def test_missing_openvino_tells_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("cuebox.engines.")]:
        if name.rsplit(".", 1)[1] not in {"opener", "settings"}:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ModelError, match=r"pip install 'cuebox\[completions\]'"):
        DecoderOpener()(*tiny_decoder(tmp_path))
