"""One settings file, environment and flags, decoded into each room's own settings class.

Order of precedence: flags, then `CUEBOX_<SECTION>__<KEY>` variables, then the file, then defaults.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from cuebox.cache.settings import CacheSettings
from cuebox.core.answers import AnswersSettings
from cuebox.core.errors import ConfigError
from cuebox.engines.settings import DecoderSettings, EngineSettings
from cuebox.generation.settings import GenerationSettings
from cuebox.inference_log.settings import InferenceLogSettings
from cuebox.serving.settings import ServingSettings
from cuebox.store.settings import StoreSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DEFAULT_FILE", "Settings", "convert_section", "load_settings"]

DEFAULT_FILE = Path("cuebox.toml")
_PREFIX = "CUEBOX_"

T = TypeVar("T")


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be set, one section per room.

    Attributes:
        server: the HTTP server's section, still undecoded because that room is above this one;
            it decodes it with `convert_section`.
    """

    store: StoreSettings = StoreSettings()
    engine: EngineSettings = EngineSettings()
    decoder: DecoderSettings = DecoderSettings()
    generation: GenerationSettings = GenerationSettings()
    cache: CacheSettings = CacheSettings()
    serving: ServingSettings = ServingSettings()
    inference_log: InferenceLogSettings = InferenceLogSettings()
    answers: AnswersSettings = AnswersSettings()
    server: dict[str, Any] = {}


def load_settings(
    path: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Read the settings.

    Args:
        path: a TOML file; None reads `cuebox.toml` where there is one.
        overrides: dotted keys to values, such as `{"serving.workers": 2}`; None values are
            flags that were not given.
        environment: variables; None takes the process's own.

    Raises:
        ConfigError: a file that cannot be read, an unknown key, or a wrong value; `param` names
            the key.
    """
    tree = _read_file(path)
    variables = os.environ if environment is None else environment
    for name, text in variables.items():
        if name.startswith(_PREFIX) and "__" in name:
            keys = name.removeprefix(_PREFIX).lower().split("__")
            _set(tree, keys, _literal(text), name)
    for dotted, value in (overrides or {}).items():
        if value is not None:
            _set(tree, dotted.split("."), value, dotted)
    return convert_section(tree, Settings)


def convert_section(tree: Mapping[str, Any], section: type[T], name: str = "") -> T:
    """Decode plain data into a settings class.

    Raises:
        ConfigError: `param` is the dotted key at fault, below `name`.
    """
    try:
        return msgspec.convert(tree, section)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `$")
        key = ".".join(part for part in (name, path.rstrip("`").lstrip(".")) if part)
        where = f" in [{key}]" if key else ""
        raise ConfigError(f"settings: {text}{where}", param=key or None) from error


def _read_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        if not DEFAULT_FILE.exists():
            return {}
        path = DEFAULT_FILE
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}", param=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}", param=str(path)) from error


def _literal(text: str) -> Any:  # noqa: ANN401 - any TOML value
    """A variable's text as a TOML value where it is one (`4`, `true`, `["a"]`), else as is."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _set(tree: dict[str, Any], keys: list[str], value: Any, source: str) -> None:  # noqa: ANN401
    for key in keys[:-1]:
        tree = tree.setdefault(key, {})
        if not isinstance(tree, dict):
            raise ConfigError(f"settings: {source} goes below a plain value", param=source)
    tree[keys[-1]] = value
