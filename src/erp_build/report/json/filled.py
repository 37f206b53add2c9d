"""Documents whose keys are attributes of what they describe."""

from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints, is_typeddict

Document = TypeVar("Document")


def filled(kind: type[Document], source: object, **given: object) -> Document:
    """A document with exactly the keys of its type, in their order.

    Args:
        kind: the type, a TypedDict.
        source: has an attribute for each key. Documents within the document are filled from it likewise.
        given: the values of keys that are no attribute, or that are written in another way.
    """
    hints = get_type_hints(kind).items()
    values = {name: given[name] if name in given else _value(hint, getattr(source, name)) for name, hint in hints}
    return cast("Document", values)


def _value(hint: Any, value: Any) -> Any:
    """A value as JSON holds it; seconds get milliseconds."""
    if is_typeddict(hint):
        return filled(hint, value)
    if get_origin(hint) is list:
        return [_value(get_args(hint)[0], one) for one in value]
    if get_origin(hint) is dict:
        return dict(value)
    return round(value, 3) if hint is float else value
