"""ETags of single objects, made of id and version: reading only what changed, changing only what was read."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from flask import Response, request

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e]*)"', re.ASCII)
NEVER = -1
"""A version that nothing has: it makes every action find the object stale, after it has looked at the rights."""


def etag(object_id: str, version: int) -> str:
    return f'"{object_id}.{version}"'


def etag_of(told: Mapping[str, Any]) -> str:
    """For what has no version of its own: the tag of what is told."""
    return f'"{hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]}"'


def not_modified(tag: str) -> Response | None:
    """The answer 304 when If-None-Match holds the tag (compared weakly, RFC 9110 §13.1.2)."""
    header = request.headers.get("If-None-Match")
    if header is None or not (header.strip() == "*" or tag in {f'"{name}"' for _, name in _tags(header)}):
        return None
    response = Response(status=304)
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Authorization"
    return response


def seen_version(object_id: str) -> int | None:
    """The version that If-Match names; ``None`` without the header or with ``*``.

    Several tags of one object are as none of them: only one can be true, and ``NEVER`` says that it is stale.
    """
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return None
    versions = {
        int(name.removeprefix(f"{object_id}."))
        for weak, name in _tags(header)
        if not weak and re.fullmatch(re.escape(object_id) + r"\.\d{1,9}", name, re.ASCII)
    }
    return versions.pop() if len(versions) == 1 else NEVER


def matches(tag: str) -> bool:
    """Whether If-Match lets a change of what bears this tag pass (compared strongly, RFC 9110 §13.1.1)."""
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return True
    return tag in {f'"{name}"' for weak, name in _tags(header) if not weak}


def _tags(header: str) -> list[tuple[bool, str]]:
    return [(bool(found.group(1)), found.group(2)) for found in _TAG.finditer(header)]
