"""Holds answers of a stand-in of AWS to the model of the API; botocore's parser passes over what it does not know."""

import json
from collections.abc import Iterator
from typing import Any

from botocore.validate import ParamValidator


def hold_to_model(client: Any) -> None:
    """Let each answer to a client that is not as the model of the API has it be an `AssertionError`."""
    client.meta.events.register("before-parse", _require_modelled)


def _require_modelled(operation_model: Any, response_dict: Any, **_: object) -> None:
    if response_dict["status_code"] >= 300:
        return  # an error has a shape of its own
    answer, shape = json.loads(response_dict["body"] or b"{}"), operation_model.output_shape
    report = ParamValidator().validate(answer, shape).generate_report()
    wrong = [*([report] if report else []), *odd_words(answer, shape)]
    assert wrong == [], f"{operation_model.name}: {wrong}"


def odd_words(value: Any, shape: Any, place: str = "") -> Iterator[str]:
    """The words of an answer that the model does not list where it lists all."""
    if shape.type_name == "structure":
        for name, one in value.items():
            if name in shape.members:
                yield from odd_words(one, shape.members[name], f"{place}.{name}")
    elif shape.type_name == "list":
        for one in value:
            yield from odd_words(one, shape.member, place)
    elif getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{place} is {value}"
