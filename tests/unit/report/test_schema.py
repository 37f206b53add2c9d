"""The published schema is written from the types of the report."""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

import pytest

from scripts import report_schema
from scripts.report_schema import Schema


class PartDocument(TypedDict):
    """A part.

    Attributes:
        name: how it is called, on
            two lines.
    """

    name: str


class WholeDocument(TypedDict):
    """A whole.

    Attributes:
        part: a part; null: there is none.
        more: other parts.
    """

    part: PartDocument | None
    more: NotRequired[list[PartDocument]]


def test_the_schema_is_up_to_date() -> None:
    assert report_schema.FILE.read_text(encoding="utf-8") == report_schema.text(), "make generated writes it anew"


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (str, {"type": "string"}),
        (bool, {"type": "boolean"}),
        (str | None, {"type": ["string", "null"]}),
        (Literal[1], {"const": 1}),
        (Literal["a", "b"], {"enum": ["a", "b"]}),
        (Literal["a", "b"] | None, {"enum": ["a", "b", None]}),
        (Annotated[float, {"minimum": 0}], {"type": "number", "minimum": 0}),
        (Annotated[str | None, {"pattern": "^a$"}], {"type": ["string", "null"], "pattern": "^a$"}),
        (Annotated[int, {"enum": [0, 2]}], {"enum": [0, 2]}),
        (list[str], {"type": "array", "items": {"type": "string"}}),
        (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (
            dict[str, int] | None,
            {"anyOf": [{"type": "object", "additionalProperties": {"type": "integer"}}, {"type": "null"}]},
        ),
    ],
)
def test_a_type_has_its_schema(kind: Any, schema: dict[str, Any]) -> None:
    assert Schema().of(kind) == schema


def test_a_class_is_described_by_its_docstring_and_referred_to() -> None:
    schema = Schema()
    assert schema.of(WholeDocument) == {"$ref": "#/$defs/whole"}
    part = {"$ref": "#/$defs/part"}
    assert schema.definitions == {
        "whole": {
            "description": "A whole.",
            "type": "object",
            "required": ["part"],
            "properties": {
                "part": {"description": "a part; null: there is none.", "anyOf": [part, {"type": "null"}]},
                "more": {"description": "other parts.", "type": "array", "items": part},
            },
        },
        "part": {
            "description": "A part.",
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"description": "how it is called, on two lines.", "type": "string"}},
        },
    }


def test_a_key_without_a_description_is_refused() -> None:
    class Silent(TypedDict):
        """Says nothing of its key."""

        name: str

    with pytest.raises(KeyError, match="name"):
        Schema().of(Silent)


@pytest.mark.parametrize("kind", [int | str, object, tuple[str, int]])
def test_a_type_that_no_report_has_is_refused(kind: Any) -> None:
    with pytest.raises(AssertionError):
        Schema().of(kind)
