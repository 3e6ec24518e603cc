"""The OpenAPI 3.1 document and the pages made from it: nothing here is written twice, endpoints describe themselves."""

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, Flask, Response, current_app, render_template
from werkzeug.routing import Rule

from booking.api import problems
from booking.api.operations import LARGEST_BODY, Operation
from booking.api.records import Maybe, Query, Record
from booking.api.shapes import ID_PATTERN, Either, Kind, ListOf, Schema
from booking.refusals import NotFound

blueprint = Blueprint("reference", __name__)

VERSION = "1.0.0"
DESCRIPTION = """\
Shared planning for conseillers France services and conseillers numériques.

- Every request bears a token: `Authorization: Bearer TOKEN`. It acts as its account, with that account's rights.
- Instants are RFC 3339 with an offset, at whole minutes; answers use the offset of the venue.
- Lists are `{"items": [...], "next": CURSOR}`; ask for the next page with `?cursor=`. `next` is null on the last.
- `null` equals absent in every body; a member that is not described here is refused.
- A `POST` may bear an `Idempotency-Key` (1 to 255 visible ASCII characters): sent again within 72 hours it gets the \
same answer and has no second effect.
- Single objects carry an `ETag`: `If-None-Match` spares reading again, `If-Match` changing what has changed.
- Whatever is refused is answered as `application/problem+json` (RFC 9457).
"""

ANY_OPERATION = ("unauthenticated", "forbidden", "not-found", "unavailable")
WITH_BODY = ("malformed", "too-large", "unsupported-media-type", "invalid")
A_POST = ("invalid", "idempotency-key-reused", "idempotency-key-running")

_TEXT: Schema = {"type": "string"}
_INSTANT: Schema = {"type": "string", "format": "date-time"}


def _problem(required: tuple[str, ...] = (), **members: Schema) -> Schema:
    basic: Schema = {"type": {**_TEXT, "format": "uri"}, "title": _TEXT, "status": {"type": "integer"}, "detail": _TEXT}
    return {"type": "object", "properties": {**basic, **members}, "required": [*basic, *required]}


def _list_of(required: tuple[str, ...], **members: Schema) -> Schema:
    return {"type": "array", "items": {"type": "object", "properties": members, "required": list(required)}}


_ALTERNATIVES: Schema = {"type": "array", "maxItems": 3, "items": {"$ref": "#/components/schemas/Slot"}}
PROBLEM_SCHEMAS: dict[str, Schema] = {
    "Problem": _problem(),
    "InvalidProblem": _problem(
        ("errors",), errors=_list_of(("pointer", "detail"), pointer=_TEXT, detail=_TEXT, code=_TEXT)
    ),
    "ClashProblem": _problem(
        ("clashes", "alternatives"),
        clashes=_list_of(("calendar", "start", "end"), calendar=_TEXT, start=_INSTANT, end=_INSTANT, title=_TEXT),
        alternatives=_ALTERNATIVES,
    ),
    "NotOfferedProblem": _problem(
        ("reasons", "alternatives"),
        reasons=_list_of(
            ("code", "calendar", "start", "end"),
            code={"type": "string", "description": ", ".join(problems.HINDRANCES)},
            calendar={"type": ["string", "null"]},
            start={"type": ["string", "null"], "format": "date-time"},
            end={"type": ["string", "null"], "format": "date-time"},
        ),
        alternatives=_ALTERNATIVES,
    ),
    "WrongStateProblem": _problem(("code",), code=_TEXT),
}
_SCHEMA_OF = {
    "invalid": "InvalidProblem",
    "clash": "ClashProblem",
    "not-offered": "NotOfferedProblem",
    "wrong-state": "WrongStateProblem",
}


def operations(app: Flask) -> Iterator[tuple[Rule, str, Operation, Any]]:
    """Every operation of the API with its rule, its method and its function, by path."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        function = app.view_functions[rule.endpoint]
        declared = getattr(function, "operation", None)
        if isinstance(declared, Operation):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method, declared, function


def document(app: Flask) -> dict[str, Any]:
    """The document, made once for each application."""
    if "booking.openapi" not in app.extensions:
        app.extensions["booking.openapi"] = _made(app)
    made: dict[str, Any] = app.extensions["booking.openapi"]
    return made


def _made(app: Flask) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Schema] = dict(PROBLEM_SCHEMAS)
    tags = []
    for rule, method, declared, function in operations(app):
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule.removeprefix("/api/v1"))
        tag = rule.endpoint.split(".")[1]
        if tag not in tags:
            tags.append(tag)
        paths.setdefault(path, {})[method.lower()] = _operation(rule, method, declared, function, tag)
        if declared.body is not None:
            schemas.update(_components(declared.body, sent=True))
        for shape in declared.answers.values():
            schemas.update(_components(shape, sent=False))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "booking",
            "version": VERSION,
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"bearer": []}],
        "tags": [{"name": tag} for tag in tags],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": dict(sorted(schemas.items())),
            "responses": _problem_responses(),
        },
    }


def _operation(rule: Rule, method: str, declared: Operation, function: Any, tag: str) -> Schema:
    words = inspect.getdoc(function) or ""
    summary, _, description = words.partition("\n\n")
    made: Schema = {
        "operationId": rule.endpoint.removeprefix("api.").replace(".", "_"),
        "tags": [tag],
        "summary": " ".join(summary.split()),
        "parameters": [*_path_parameters(rule), *_parameters(declared.query), *_headers(method, declared)],
        "responses": _responses(method, declared),
    }
    if description:
        made["description"] = description
    if declared.body is not None:
        made["requestBody"] = {
            "required": not declared.body_optional,
            "content": {"application/json": {"schema": declared.body.schema()}},
            "description": f"At most {LARGEST_BODY // 1024 // 1024} MiB.",
        }
    return made


def _path_parameters(rule: Rule) -> list[Schema]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "format": "date"}
            if name == "date"
            else {"type": "string", "pattern": f"^{ID_PATTERN}$"},
        }
        for name in sorted(rule.arguments, key=rule.rule.index)
    ]


def _parameters(query: Query) -> list[Schema]:
    made = []
    for name, member in query.members.items():
        schema = member.schema()
        parameter: Schema = {"name": name, "in": "query", "required": member.required}
        if "description" in schema:
            parameter["description"] = schema.pop("description")
        if isinstance(member.kind, ListOf):
            parameter |= {"style": "form", "explode": True}
        made.append({**parameter, "schema": schema})
    return made


def _headers(method: str, declared: Operation) -> list[Schema]:
    headers = []
    if method == "POST":
        headers.append(
            ("Idempotency-Key", {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"})
        )
    if declared.honours_if_match:
        headers.append(("If-Match", dict(_TEXT)))
    if declared.reads_etag:
        headers.append(("If-None-Match", dict(_TEXT)))
    return [{"name": name, "in": "header", "required": False, "schema": schema} for name, schema in headers]


def _responses(method: str, declared: Operation) -> Schema:
    made: Schema = {}
    for status, shape in declared.answers.items():
        response: Schema = {"description": _DONE[status]}
        if shape is not None:
            response["content"] = {"application/json": {"schema": shape.schema()}}
        if declared.reads_etag or declared.honours_if_match or status == 201:
            response["headers"] = {"ETag": {"schema": dict(_TEXT)}}
        if status == 201:
            response.setdefault("headers", {})["Location"] = {"schema": {"type": "string", "format": "uri-reference"}}
        made[str(status)] = response
    if declared.reads_etag:
        made["304"] = {"description": "It has not changed."}
    codes = {*ANY_OPERATION, *declared.refusals}
    if declared.query.members:
        codes.add("invalid")
    if declared.body is not None:
        codes.update(WITH_BODY)
    if method == "POST":
        codes.update(A_POST)
    if declared.honours_if_match:
        codes.update(("stale", "changed"))
    by_status: dict[int, list[str]] = {}
    for code in sorted(codes):
        by_status.setdefault(problems.TYPES[code].status, []).append(code)
    for status, some in sorted(by_status.items()):
        made[str(status)] = {"$ref": f"#/components/responses/{some[0]}"} if len(some) == 1 else _one_of_problems(some)
    return made


_DONE = {200: "Done.", 201: "Made.", 204: "Gone."}


def _problem_responses() -> Schema:
    return {code: _one_of_problems([code]) for code in problems.TYPES}


def _one_of_problems(codes: list[str]) -> Schema:
    names = sorted({_SCHEMA_OF.get(code, "Problem") for code in codes}, key=lambda name: (name == "Problem", name))
    references = [{"$ref": f"#/components/schemas/{name}"} for name in names]
    described = "; ".join(f"`{code}`: {problems.TYPES[code].title}" for code in codes)
    response: Schema = {
        "description": described,
        "content": {problems.MEDIA_TYPE: {"schema": references[0] if len(references) == 1 else {"anyOf": references}}},
    }
    for code in codes:
        if code in _HEADERS_OF:
            response["headers"] = {_HEADERS_OF[code]: {"schema": dict(_TEXT)}}
    return response


_HEADERS_OF = {"unauthenticated": "WWW-Authenticate", "unavailable": "Retry-After"}


def _components(shape: Kind | None, sent: bool) -> dict[str, Schema]:
    """The records within a shape, by their names."""
    match shape:
        case Record():
            found = {shape.name: shape.body_schema() if sent else shape.answer_schema()}
            for member in shape.members.values():
                found.update(_components(member.kind, sent))
            return found
        case ListOf() | Maybe():
            return _components(shape.kind, sent)
        case Either():
            return {name: each for kind in shape.kinds for name, each in _components(kind, sent).items()}
    return {}


@blueprint.get("/v1/openapi.json")
def openapi() -> Response:
    """The OpenAPI document."""
    return Response(json.dumps(document(current_app), ensure_ascii=False, indent=1), mimetype="application/json")


@blueprint.get("/docs")
def docs() -> Response:
    """The same to be read by people: one page, nothing from elsewhere, no script."""
    made = document(current_app)
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in made["paths"].items():
        for method, each in methods.items():
            groups.setdefault(each["tags"][0], []).append(
                {**each, "method": method.upper(), "path": f"/api/v1{path}", "body": _shown_body(made, each)}
            )
    page = render_template(
        "api/docs.html",
        document=made,
        groups=groups,
        schemas={name: _pretty(schema) for name, schema in made["components"]["schemas"].items()},
        problems=problems.TYPES.values(),
        shown_schema=_shown_schema,
    )
    return Response(page, mimetype="text/html")


@blueprint.get("/problems/<code>")
def problem(code: str) -> Response:
    """What a problem's type says, where its URI leads."""
    if code not in problems.TYPES:
        raise NotFound
    return Response(render_template("api/problem.html", problem=problems.TYPES[code]), mimetype="text/html")


def _pretty(schema: Any) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=2)


def _shown_body(made: Mapping[str, Any], each: Mapping[str, Any]) -> str | None:
    body = each.get("requestBody")
    return None if body is None else _shown_schema(body["content"]["application/json"]["schema"])


def _shown_schema(schema: Mapping[str, Any]) -> str:
    """A schema in a few words: the name of a record, or a type with its bounds."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_shown_schema(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(str(each) for each in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_shown_schema(schema['items'])}"
    kind = schema.get("type", "")
    words = " or ".join(kind) if isinstance(kind, list) else str(kind)
    return f"{words} ({schema['format']})" if "format" in schema else words
