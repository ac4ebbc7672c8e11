import msgspec
import pytest

from cuebox.api.settings import (
    AuthSettings,
    LimitSettings,
    LogSettings,
    ServerSettings,
    TlsSettings,
)
from cuebox.app.settings import convert_section
from cuebox.core.errors import ConfigError

ALL = (AuthSettings, LimitSettings, LogSettings, ServerSettings, TlsSettings)


@pytest.mark.parametrize("section", ALL)
def test_every_field_is_documented(section: type[msgspec.Struct]) -> None:
    for field in section.__struct_fields__:
        assert f"        {field}: " in (section.__doc__ or "")


def test_defaults_listen_on_this_machine_only() -> None:
    assert convert_section({}, ServerSettings).host == "127.0.0.1"


@pytest.mark.parametrize(
    ("tree", "param"),
    [
        ({"limits": {"max_body_byte": 1}}, "server.limits"),
        ({"port": 70_000}, "server.port"),
        ({"limits": {"max_prompts": 0}}, "server.limits.max_prompts"),
        ({"logs": {"access_sample": 2}}, "server.logs.access_sample"),
        ({"auth": {"mode": "maybe"}}, "server.auth.mode"),
    ],
)
def test_a_wrong_setting_is_named(tree: dict[str, object], param: str) -> None:
    with pytest.raises(ConfigError) as caught:
        convert_section(tree, ServerSettings, "server")
    assert caught.value.param == param
