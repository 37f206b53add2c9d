"""The file of a frozen plan: JSON with a digest of its own, `schemas/plan-1.json`.

Its keys are the attributes of the values in `model/releases/frozen_plan.py`. The digest is of what the file says and
not of its bytes, so that an editor may indent it anew.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Final, Literal, NamedTuple, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from erp_build.errors import PlanMoved
from erp_build.formats.json_text import parsed_json
from erp_build.formats.printable import json_text
from erp_build.model.releases.frozen_plan import FrozenPlan

T = TypeVar("T")
SCHEMA: Final = 1
MAX_PLAN_BYTES = 256 * 1024 * 1024
"""The largest file that is read: of 200 images with a thousand findings each it has some 50 MB."""

ANEW = "make the plan anew, and have that one approved"


class SealedPlan(NamedTuple):
    """A plan as its file has it: with the digest of that file's content, `sha256:` and 64 hex digits, and its name."""

    plan: FrozenPlan
    digest: str
    where: str


def plan_text(plan: FrozenPlan, mask: Callable[[Any], Any] = lambda document: document) -> str:
    """The file of a plan.

    Args:
        plan: what is written.
        mask: takes the secrets out of a document; the digest is of what is left.
    """
    document = mask({"schema": SCHEMA, **_document(plan)})
    return json_text({**document, "digest": digest_of(document)}, indent=2) + "\n"


def read_plan(content: bytes, where: str) -> SealedPlan:
    """Read the file of a plan; raises `PlanMoved` where it is none, or is not as it was written.

    Args:
        content: of the file.
        where: its name, for the error.
    """
    try:
        return _opened(parsed_json(content), where)
    except ValueError as error:
        raise PlanMoved("the file of the plan is not as it was written", where=where, why=str(error), next_step=ANEW)\
            from error  # fmt: skip


def masked(value: T, mask: Callable[[Any], Any]) -> T:
    """A part of a plan as the file would have it, its secrets masked."""
    return cast("T", _value(type(value), mask(_document(value)), "plan"))


def _opened(document: Any, where: str) -> SealedPlan:
    """The plan of a document; raises `ValueError` where it is of another form, or was changed."""
    if not isinstance(document, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - a mistake in a text
    stated = document.pop("digest", None)
    if stated is None:
        raise ValueError("it has no digest: it is none of the files that --save writes")
    if (schema := document.get("schema")) != SCHEMA:
        raise ValueError(f"its schema is {schema!r:.20}, and this version of erp_build reads {SCHEMA}")
    if (digest := digest_of(document)) != stated:
        raise ValueError(f"its digest says {stated or 'nothing'!s:.80}, and its content has {digest}")
    del document["schema"]
    return SealedPlan(_value(FrozenPlan, document, "plan"), digest, where)


def digest_of(document: Mapping[str, Any]) -> str:
    """The digest of a document, whatever the order of its keys."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode('ascii')).hexdigest()}"


def _document(value: Any) -> Any:
    """A value as JSON holds it."""
    if is_dataclass(value):
        return {one.name: _document(getattr(value, one.name)) for one in fields(value)}
    return [_document(item) for item in value] if isinstance(value, tuple) else value


def _value(kind: Any, found: Any, where: str) -> Any:
    """The value of a type that a document holds; raises `ValueError` where it holds another."""
    if is_dataclass(kind):
        return _object(kind, found, where)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        wanted = next(one for one in arguments if one is not NoneType)
        return None if found is None else _value(wanted, found, where)
    if origin is Literal:
        return _checked(found, found in arguments, where)
    if origin is tuple:
        items = _checked(found, isinstance(found, list), where)
        return tuple(_value(arguments[0], item, f"{where}[{place}]") for place, item in enumerate(items))
    # JSON has one kind of number, and `True` is one of Python's.
    return _checked(found, type(found) is kind or (kind is float and type(found) is int), where)


def _object(kind: Any, found: Any, where: str) -> Any:
    hints = get_type_hints(kind)
    _checked(found, isinstance(found, dict), where)
    if other := sorted(hints.keys() ^ found.keys()):
        raise ValueError(f"{where}: {other[0]!r} is {'missing' if other[0] in hints else 'no key of a plan'}")
    return kind(**{name: _value(hint, found[name], f"{where}.{name}") for name, hint in hints.items()})


def _checked(found: Any, is_right: bool, where: str) -> Any:  # noqa: FBT001 - an assertion about the first
    if not is_right:
        raise ValueError(f"{where} is {found!r:.60}")
    return found
