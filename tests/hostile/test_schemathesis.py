"""schemathesis against the server's own OpenAPI document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import schemathesis
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cuebox.api.build import all_routes
from cuebox.api.settings import ServerSettings
from tests.fakes.service import Service

if TYPE_CHECKING:
    from tests.fakes.http_server import RunningServer

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


ROUTES = [
    (route.path, route.method)
    for route in all_routes(Service(), ServerSettings(), dict, lambda: None)
    if route.scope != "admin"
]


@pytest.fixture(scope="module")
def schema(server: RunningServer) -> Any:
    return schemathesis.openapi.from_url(f"http://localhost:{server.port}/openapi.json")


@pytest.mark.parametrize(("path", "method"), ROUTES)
def test_it_keeps_its_word(schema: Any, path: str, method: str) -> None:
    operation = schema[path][method]
    converse(operation, GenerationMode.POSITIVE)
    if operation.body:
        converse(operation, GenerationMode.NEGATIVE)


def converse(operation: Any, mode: GenerationMode) -> None:
    """Send what the document allows, or does not allow, and hold the answers against it."""

    @hypothesis.settings(
        max_examples=25, deadline=None, suppress_health_check=list(hypothesis.HealthCheck)
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def validate(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(checks=CHECKS)

    validate()
