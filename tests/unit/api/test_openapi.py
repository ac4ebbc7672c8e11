from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from openapi_spec_validator import validate

from cuebox.api.build import all_routes
from cuebox.api.errors import STATUS
from cuebox.api.openapi import openapi
from cuebox.api.settings import ServerSettings
from tests.fakes.service import Service

if TYPE_CHECKING:
    from cuebox.api.routing import Route

SERVICE = Service()
ROUTES = all_routes(SERVICE, ServerSettings(), SERVICE.metrics.snapshot, lambda: None)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi(ROUTES, ServerSettings(), SERVICE.settings)


def test_it_is_valid(document: dict[str, Any]) -> None:
    validate(document)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_is_documented(document: dict[str, Any], route: Route) -> None:
    operation = document["paths"][route.path][route.method.lower()]
    assert operation["summary"]
    assert operation["responses"]["200"]
    assert (operation["security"] == []) is (route.scope is None)
    if route.takes_body:
        assert "413" in operation["responses"]


def test_every_error_is_listed(document: dict[str, Any]) -> None:
    text = document["info"]["description"]
    for cls, (status, _) in STATUS.items():
        assert f"| `{cls.code}` | {status} |" in text


def test_limits_are_told(document: dict[str, Any]) -> None:
    assert "16,777,216 bytes" in document["info"]["description"]
    assert "10,000" in document["info"]["description"]
    assert "| prompts of one completion request | 32 |" in document["info"]["description"]


def test_every_type_and_request_field_says_what_it_is_for(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        assert schema["description"], name
        assert "Attributes:" not in schema["description"]
    for request in ("ClassifyRequest", "CompletionRequest"):
        for name, field in schemas[request]["properties"].items():
            assert field["description"], name


def test_extensions_are_told_from_openais_fields(document: dict[str, Any]) -> None:
    properties = document["components"]["schemas"]["CompletionRequest"]["properties"]
    extensions = {name for name, field in properties.items() if "extension" in field["description"]}
    assert extensions == {
        "top_k", "repetition_penalty", "heal", "stop_at", "distinct", "min_score", "coverage",
        "max_time_ms", "session",
    }  # fmt: skip


def test_a_stream_is_documented_beside_the_whole_answer(document: dict[str, Any]) -> None:
    operation = document["paths"]["/v1/completions"]["post"]
    content = operation["responses"]["200"]["content"]
    assert list(content) == ["application/json", "text/event-stream"]
    assert content["text/event-stream"]["example"].endswith("data: [DONE]\n\n")
    assert "superseded" in operation["responses"]["409"]["description"]


@pytest.mark.parametrize("route", [r for r in ROUTES if r.operation.examples], ids=lambda r: r.path)
def test_examples_can_be_sent(route: Route) -> None:
    for example in route.operation.examples.values():
        msgspec.convert(example, route.operation.request)


def test_operation_ids_are_unique(document: dict[str, Any]) -> None:
    ids = [op["operationId"] for path in document["paths"].values() for op in path.values()]
    assert len(ids) == len(set(ids)) == len(ROUTES)
