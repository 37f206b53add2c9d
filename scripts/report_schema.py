"""Writes the schemas of the report and of a saved plan from their types: `python -m scripts.report_schema`.

They are src/erp_build/schemas/report-1.json and plan-1.json.

The standard library reads the types; a library that makes schemas of models would be a second way to write them down.
"""

import inspect
import json
import re
from dataclasses import is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

from erp_build.model.releases.frozen_plan import FrozenPlan
from erp_build.report.document_types import ReportDocument
from scripts.attributes import attributes_of

FOLDER = Path(__file__).resolve().parent.parent / "src" / "erp_build" / "schemas"
FILE, PLAN_FILE = FOLDER / "report-1.json", FOLDER / "plan-1.json"
DRAFT = "https://json-schema.org/draft/2020-12/schema"
HEAD = {"$schema": DRAFT, "$id": "urn:erp-build:report:1", "title": "Report of a run of erp_build, schema 1"}
PLAN_HEAD = {"$schema": DRAFT, "$id": "urn:erp-build:plan:1", "title": "Saved plan of erp_build, schema 1"}
SEAL: dict[str, Any] = {
    "schema": {"description": "version of this form", "const": 1},
    "digest": {
        "description": "of everything else, whatever the order of the keys and the white space",
        "type": "string",
        "pattern": "^sha256:[0-9a-f]{64}$",
    },
}
"""The keys of a saved plan that are no attributes of it."""

PLAIN = {str: "string", bool: "boolean", int: "integer", float: "number", NoneType: "null"}


class Schema:
    """Makes the schemas of types; those of classes are collected in `definitions`, under the names of the classes."""

    def __init__(self) -> None:
        self.definitions: dict[str, Any] = {}

    def of(self, kind: Any) -> dict[str, Any]:
        """The schema of a type as an annotation names it."""
        origin, arguments = get_origin(kind), get_args(kind)
        if isinstance(kind, type) and kind in PLAIN:
            return {"type": PLAIN[kind]}
        if origin is NotRequired:
            return self.of(arguments[0])
        if origin is Annotated:
            return self._narrowed(self.of(arguments[0]), *arguments[1:])
        if origin is Literal:
            return {"const": arguments[0]} if len(arguments) == 1 else {"enum": list(arguments)}
        if origin in (Union, UnionType):
            return self._one_of([self.of(argument) for argument in arguments])
        if origin is list or (origin is tuple and arguments[1:] == (...,)):
            return {"type": "array", "items": self.of(arguments[0])}
        if origin is dict:
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        return self._reference(kind)

    def of_class(self, kind: Any) -> dict[str, Any]:
        """The schema of a TypedDict or dataclass: its keys, which it must have, and what each of them means."""
        hints = get_type_hints(kind, include_extras=True)
        said = attributes_of(kind)
        about = " ".join(inspect.cleandoc(kind.__doc__ or "").partition("\n\nAttributes:")[0].split())
        return {
            "description": about,
            "type": "object",
            "required": [name for name in hints if is_dataclass(kind) or name in kind.__required_keys__],
            "properties": {name: {"description": said[name], **self.of(hint)} for name, hint in hints.items()},
        }

    def _reference(self, kind: Any) -> dict[str, Any]:
        assert is_typeddict(kind) or is_dataclass(kind), f"a report has no type like {kind}"
        name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__.removesuffix("Document")).lower()
        if name not in self.definitions:
            self.definitions[name] = {}  # its place: before those of the classes that it names
            self.definitions[name] = self.of_class(kind)
        return {"$ref": f"#/$defs/{name}"}

    @staticmethod
    def _narrowed(schema: dict[str, Any], rules: dict[str, Any]) -> dict[str, Any]:
        """A type with rules of JSON Schema; a list of all values says the type as well."""
        return rules if "enum" in rules else schema | rules

    @staticmethod
    def _one_of(schemas: list[dict[str, Any]]) -> dict[str, Any]:
        """A type or null: in the shortest form that there is for it."""
        schema, null = schemas
        assert null == {"type": "null"}, "a report has no other unions"
        if "enum" in schema:
            return {"enum": [*schema["enum"], None]}
        if schema.get("type") in ("string", "integer", "number"):
            return schema | {"type": [schema["type"], "null"]}
        return {"anyOf": schemas}


def text() -> str:
    """The file."""
    schema = Schema()
    document = {**HEAD, **schema.of_class(ReportDocument)}
    return json.dumps({**document, "$defs": schema.definitions}, indent=2, ensure_ascii=False) + "\n"


def plan_text() -> str:
    """The file of the saved plan's schema."""
    schema = Schema()
    made = schema.of_class(FrozenPlan)
    keys = {"schema": SEAL["schema"], **made["properties"], "digest": SEAL["digest"]}
    document = {**PLAN_HEAD, **made, "required": list(keys), "properties": keys}
    return json.dumps({**document, "$defs": schema.definitions}, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    PLAN_FILE.write_text(plan_text(), encoding="utf-8")
