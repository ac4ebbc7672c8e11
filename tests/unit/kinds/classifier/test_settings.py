from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cuebox.core.errors import ConfigError
from cuebox.kinds.classifier.settings import load_classifier_settings

if TYPE_CHECKING:
    from pathlib import Path

MINIMAL = """
name = "intents"
encoder = "minilm-l6"
[data.train]
path = "rows.tsv"
"""


def load(tmp_path: Path, text: str, **overrides: str) -> object:
    path = tmp_path / "intents.toml"
    path.write_text(text)
    return load_classifier_settings(
        path, {key.replace("__", "."): value for key, value in overrides.items()}
    )


def test_four_lines_are_enough(tmp_path: Path) -> None:
    path = tmp_path / "intents.toml"
    path.write_text(MINIMAL)
    settings = load_classifier_settings(path)
    assert settings.name == "intents"
    assert settings.head.types == ("linear", "mlp")
    assert not settings.out_of_scope.enabled


@pytest.mark.parametrize(
    ("addition", "message"),
    [
        ("colour = 1", "colour"),
        ("[head]\nkind = 1", "kind"),
        ("[head]\nfolds = 1", "folds"),
        ("[head]\ntypes = []", "types"),
        ("[head]\ntypes = ['forest']", "head.types"),
        ("[data.split]\nvalidation = 2", "validation"),
        ("[finetune]\nenabled = true", "base"),
        ("[gates]\nlimits = 3", "gates.limits"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, addition: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        load(tmp_path, f"{MINIMAL}\n{addition}" if "[" in addition else f"{addition}\n{MINIMAL}")
    assert "intents.toml" in error.value.message


def test_a_name_that_cannot_be_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not a name"):
        load(tmp_path, MINIMAL.replace('"intents"', '"../intents"'))


def test_a_missing_file_and_broken_toml_are_said_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_classifier_settings(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="not TOML"):
        load(tmp_path, "name = ")


def test_overrides_take_toml_values_and_bare_words(tmp_path: Path) -> None:
    path = tmp_path / "intents.toml"
    path.write_text(MINIMAL)
    settings = load_classifier_settings(
        path,
        {"head.hidden": "[64, 128]", "head.class_weight": "sqrt", "seed": "11", "name": "other"},
    )
    assert settings.head.hidden == (64, 128)
    assert settings.head.class_weight == "sqrt"
    assert (settings.seed, settings.name) == (11, "other")
    with pytest.raises(ConfigError, match="not a table"):
        load_classifier_settings(path, {"name.first": "1"})
