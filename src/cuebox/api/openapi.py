"""The OpenAPI 3.1 document, made from the routes and the types they decode and encode."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

import msgspec

from cuebox import __version__
from cuebox.api.errors import (
    STATUS,
    ErrorBody,
    HeadersTooLarge,
    MethodNotAllowed,
    OipError,
    RequestTimeout,
    UnsupportedMediaType,
    error_codes,
)
from cuebox.api.messages import EVENTS
from cuebox.core.errors import (
    CueboxError,
    Forbidden,
    InvalidRequest,
    PayloadTooLarge,
    RateLimited,
    Unauthenticated,
    Unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.api.routing import Route
    from cuebox.api.settings import ServerSettings
    from cuebox.serving.settings import ServingSettings

__all__ = ["openapi"]

_REF = "#/components/schemas/{name}"
_EVERY_ROUTE: tuple[type[CueboxError], ...] = (
    CueboxError,
    InvalidRequest,
    Forbidden,
    MethodNotAllowed,
    RequestTimeout,
    HeadersTooLarge,
    Unavailable,
)
_WITH_KEY = (Unauthenticated, RateLimited)
_WITH_BODY = (PayloadTooLarge, UnsupportedMediaType)


def openapi(
    routes: Sequence[Route], server: ServerSettings, serving: ServingSettings
) -> dict[str, Any]:
    """The document, as plain JSON data."""
    types = [ErrorBody, OipError]
    types += [t for r in routes for t in (r.operation.request, r.operation.response) if t]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    for component in components.values():
        _describe_properties(component)
    by_type = dict(zip(map(str, types), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, by_type)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "cuebox",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": _description(server, serving),
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in dict.fromkeys(r.operation.tag for r in routes)],
        "paths": paths,
        "components": {
            "schemas": components,
            "headers": _HEADERS,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "api_key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        },
    }


def _describe_properties(schema: dict[str, Any]) -> None:
    """Move what the docstring says of each attribute to the property of that name."""
    text = inspect.cleandoc(schema.get("description", ""))
    summary, _, attributes = text.partition("\n\nAttributes:\n")
    if summary:
        schema["description"] = " ".join(summary.split())
    for name, told in re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", attributes, re.MULTILINE):
        if name in schema.get("properties", {}):
            schema["properties"][name]["description"] = " ".join(told.split())


_HEADERS = {
    "X-Request-Id": {
        "description": "The request's id: the client's own where it sent a plain one.",
        "schema": {"type": "string"},
    },
    "Server-Timing": {
        "description": "Milliseconds: queue, tokenize, cache, encode, head, total; of completions "
        "queue, first_token, generate, total; of suggestions queue, encode, rank, complete, total. A "
        "stream knows only what came before its first event.",
        "schema": {"type": "string"},
    },
}


def _description(server: ServerSettings, serving: ServingSettings) -> str:
    limits = server.limits
    codes = "\n".join(f"| `{code}` | {status} |" for code, status in error_codes().items())
    return (
        "Classifiers and embeddings on shared encoders, completions, and suggestions in a "
        "conversation.\n\n"
        "## Limits\n\n"
        "| what | limit |\n|---|---|\n"
        f"| request body | {limits.max_body_bytes:,} bytes |\n"
        f"| request line and headers | {limits.max_header_bytes:,} bytes |\n"
        f"| inputs in one request | {serving.max_rows:,} |\n"
        f"| characters in one input | {serving.max_text_chars:,} |\n"
        f"| parts of a text that are left out to explain it | {serving.explain.max_spans:,} |\n"
        f"| turns of one conversation | {serving.suggest.max_turns:,} |\n"
        f"| characters in one conversation | {serving.suggest.max_chars:,} |\n"
        f"| prompts of one completion request | {limits.max_prompts:,} |\n"
        f"| `logprobs` | {limits.max_logprobs:,} |\n"
        f"| time for one request | {serving.request_timeout:g} s, less with "
        "`X-Request-Timeout-Ms` |\n\n"
        "A completion model bounds `n`, `best_of`, `max_tokens` and the prompt; an error names "
        "the bound.\n\n"
        "## Errors\n\n"
        'Every error is `{"error": {"message", "type", "param", "code"}}`; under `/v2` it is '
        '`{"error": "message"}`. `param` names the field at fault. A 429 or 503 says in '
        "`Retry-After` when to come back.\n\n"
        f"| code | status |\n|---|---|\n{codes}\n"
    )


def _operation(route: Route, by_type: dict[str, Any]) -> dict[str, Any]:
    what = route.operation
    document: dict[str, Any] = {
        "operationId": _operation_id(route),
        "tags": [what.tag],
        "summary": what.summary,
        "responses": _responses(route, by_type),
    }
    if what.description:
        document["description"] = what.description
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", route.path)
    ]
    if route.takes_body and route.scope == "predict":
        parameters.append(_TIMEOUT)
    if parameters:
        document["parameters"] = parameters
    if what.request is not None:
        content: dict[str, Any] = {"schema": by_type[str(what.request)]}
        if what.examples:
            content["examples"] = {k: {"value": v} for k, v in what.examples.items()}
        document["requestBody"] = {"required": True, "content": {"application/json": content}}
    # An empty alternative: without a keys file, a server on loopback asks for no key.
    document["security"] = [] if route.scope is None else [{}, {"bearer": []}, {"api_key": []}]
    if route.scope is not None:
        document["x-scope"] = route.scope
    return document


_TIMEOUT: dict[str, Any] = {
    "name": "X-Request-Timeout-Ms",
    "in": "header",
    "description": "Answer within so many milliseconds, or with 504.",
    "schema": {"type": "integer", "minimum": 1, "maximum": 999_999_999_999},
}


def _operation_id(route: Route) -> str:
    words = re.findall(r"\w+", route.path)
    return "_".join([route.method.lower(), *words])


def _responses(route: Route, by_type: dict[str, Any]) -> dict[str, Any]:
    what = route.operation
    schema = {"type": "string"} if what.response is None else by_type[str(what.response)]
    content: dict[str, Any] = {what.content_type: {"schema": schema}}
    if what.events:
        # No schema: whether it is of the stream or of one event is for OpenAPI 3.2 to say.
        content[EVENTS.partition(b";")[0].decode()] = {"example": what.events}
    good = {"description": "The answer", "content": content, "headers": _header_references()}
    responses: dict[str, Any] = {"200": good}
    for status, codes in sorted(_error_statuses(route).items()):
        error = by_type[str(OipError if route.dialect == "oip" else ErrorBody)]
        responses[str(status)] = {
            "description": ", ".join(sorted(codes)),
            "content": {"application/json": {"schema": error}},
        }
    for status in what.statuses:
        # A probe's negative answer has the shape of its positive one; a server that is
        # overrun may still refuse the connection with an error.
        other = responses.get(str(status))
        choices = [schema, by_type[str(ErrorBody)]] if other else [schema]
        responses[str(status)] = {
            "description": "not ready",
            "content": {"application/json": {"schema": {"anyOf": choices}}},
        }
    return responses


def _error_statuses(route: Route) -> dict[int, set[str]]:
    classes = {*_EVERY_ROUTE, *route.operation.errors}
    if route.scope is not None:
        classes.update(_WITH_KEY)
    if route.takes_body:
        classes.update(_WITH_BODY)
    statuses: dict[int, set[str]] = {}
    for cls in classes:
        statuses.setdefault(STATUS[cls][0], set()).add(cls.code)
    return statuses


def _header_references() -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS}
