"""Records and queries: members of some kinds, in bodies, answers and addresses.

``null`` equals absent; a member of a body that was not declared is a fault; a parameter that was not is not looked at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from booking.api.shapes import WRONG, Kind, ListOf, Schema, described, wrong
from booking.refusals import Fault


@dataclass(frozen=True)
class Member:
    """A member of a record or a parameter of a query."""

    kind: Kind
    required: bool = False
    default: Any = None

    def schema(self) -> Schema:
        return self.kind.schema() | ({} if self.default is None else {"default": self.default})


def needed(kind: Kind) -> Member:
    return Member(kind, required=True)


@dataclass(frozen=True)
class Record(Kind):
    """An object with these members and no others. ``name`` is what the OpenAPI document calls it."""

    name: str
    members: Mapping[str, Member]
    about: str | None = None

    def read(self, value: Any, at: str, faults: list[Fault]) -> Any:
        """A dict of the members that were given."""
        if not isinstance(value, dict):
            return wrong(faults, at, "type", "an object")
        before = len(faults)
        found = {}
        for name, given in value.items():
            member = self.members.get(name)
            if member is None:
                wrong(faults, f"{at}/{escaped(name)}", "unknown_member", "there is no such member")
            elif given is not None:
                found[name] = member.kind.read(given, f"{at}/{name}", faults)
        for name, member in self.members.items():
            if member.required and value.get(name) is None:
                wrong(faults, f"{at}/{name}", "required", "this member is required")
        return WRONG if len(faults) > before else found

    def schema(self) -> Schema:
        return {"$ref": f"#/components/schemas/{self.name}"}

    def body_schema(self) -> Schema:
        """What may be sent: members that are not required may be null."""
        properties = {
            name: member.schema() if member.required else nullable(member.schema())
            for name, member in self.members.items()
        }
        return self._object(properties, [name for name, member in self.members.items() if member.required])

    def answer_schema(self) -> Schema:
        """What is answered: each member without ``Maybe`` is there and is not null."""
        return self._object(
            {name: member.schema() for name, member in self.members.items()},
            [name for name, member in self.members.items() if member.required],
        )

    def _object(self, properties: Schema, required: list[str]) -> Schema:
        schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
        if required:
            schema["required"] = required
        return schema | described(self.about)


@dataclass(frozen=True)
class Maybe(Kind):
    """In an answer: the kind, or null."""

    kind: Kind

    def read(self, value: Any, at: str, faults: list[Fault]) -> Any:
        return None if value is None else self.kind.read(value, at, faults)

    def schema(self) -> Schema:
        return nullable(self.kind.schema())


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    if "type" in schema and "enum" not in schema:
        return schema | {"type": [schema["type"], "null"]}
    if "enum" in schema:
        return schema | {"type": [schema["type"], "null"], "enum": [*schema["enum"], None]}
    return {"anyOf": [schema, {"type": "null"}]}


@dataclass(frozen=True)
class Query:
    """The parameters after the question mark; others are not looked at."""

    members: Mapping[str, Member] = field(default_factory=dict)

    def read(self, given: Mapping[str, Sequence[str]], faults: list[Fault]) -> dict[str, Any]:
        """The parameters that were given or have a default. Of one that is not repeatable, the first counts."""
        found: dict[str, Any] = {}
        for name, member in self.members.items():
            texts = [text for text in given.get(name, ()) if text != ""]
            if not texts:
                if member.required:
                    wrong(faults, f"/{name}", "required", "this parameter is required")
                elif member.default is not None:
                    found[name] = member.default
            elif isinstance(member.kind, ListOf):
                found[name] = member.kind.read_texts(texts, f"/{name}", faults)
            else:
                found[name] = member.kind.read_text(texts[0], f"/{name}", faults)
        return found


def escaped(name: str) -> str:
    """A member's name inside a JSON pointer (RFC 6901 §3)."""
    return name.replace("~", "~0").replace("/", "~1")
