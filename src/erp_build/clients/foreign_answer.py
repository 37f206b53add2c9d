"""An answer that does not have the form of its API: a proxy has answered, a stand-in, or a version nobody knew.

No reader can foresee all of them. So the clients that read answers are marked as a whole: what goes wrong while one
reads an answer, and a value of another type than it declares, is an error of that API and no bug of erp_build.

`has_type` is our own: none of the dependencies at run time compares a value with an annotation. A library that does
(typeguard, pydantic) would be one more wheel in every build of the user, for a function of twenty lines. typeguard also
looks at one entry of a collection only, unless told otherwise, and pydantic converts what it should refuse.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache, wraps
from inspect import isfunction, isgeneratorfunction
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from erp_build.errors import ErpBuildError
from erp_build.model.releases.release import Release

T = TypeVar("T")

UNREADABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What the reading of an answer raises where it has another form."""

LONGEST_NAME = 100
"""Characters of an argument that an error names."""


def reads_answers_of(
    api: str, failure: type[ErpBuildError], unreadable: tuple[type[Exception], ...] = UNREADABLE
) -> Callable[[type[T]], type[T]]:
    """Make every public method of a client raise `failure` where an answer cannot be read.

    Args:
        api: whose answers the client reads, for the error.
        failure: the class of the error.
        unreadable: what its SDK raises as well.
    """

    def mark(client: type[T]) -> type[T]:
        for name, method in list(vars(client).items()):
            if isfunction(method) and not name.startswith("_") and not isgeneratorfunction(method):
                setattr(client, name, _checked(method, api, failure, unreadable))
        return client

    return mark


def _checked(
    method: Callable[..., Any], api: str, failure: type[ErpBuildError], unreadable: tuple[type[Exception], ...]
) -> Callable[..., Any]:
    @wraps(method)
    def read(*arguments: Any, **named: Any) -> Any:
        try:
            found = method(*arguments, **named)
            if not has_type(found, _returned(method)):
                raise TypeError("a value in it has another type than the API says")
        except unreadable as error:
            names = (_name(argument) for argument in (*arguments[1:], *named.values()))
            raise failure(
                f"the answer of {api} cannot be read",
                where=", ".join(filter(None, (api, *names))),
                why=_why(error),
                next_step="look for a proxy or a stand-in that answers instead (AWS_ENDPOINT_URL, HTTPS_PROXY), "
                "and for a newer erp_build; -vv shows where it was read",
            ) from error
        return found

    return read


def has_type(value: object, hint: Any) -> bool:
    """Whether a value, and all that it is made of, has the type of an annotation; what is no simple type passes."""
    if hint is Any:
        return True
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(has_type(value, part) for part in parts)
    if origin is tuple:
        inner = parts[0] if parts else Any
        return isinstance(value, tuple) and (parts[-1:] != (...,) or all(has_type(one, inner) for one in value))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return isinstance(value, origin) and all(has_type(one, parts[1]) for one in value.values())
    if origin is not None or not isinstance(hint, type):
        return hint is not None or value is None
    if not isinstance(value, (int, float) if hint is float else hint):
        return False
    kind: Any = type(value)
    return all(has_type(getattr(value, name), part) for name, part in _parts(kind).items())


@cache
def _parts(kind: Any) -> dict[str, Any]:
    """The fields of a dataclass or named tuple, with their types."""
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return {field.name: hints[field.name] for field in fields(kind)}
    return get_type_hints(kind) if hasattr(kind, "_fields") else {}


@cache
def _returned(method: Callable[..., Any]) -> Any:
    """What a method says it returns; anything, where a name in its signature is known to type checkers alone."""
    try:
        return get_type_hints(method).get("return", Any)
    except NameError:
        return Any


def _name(argument: object) -> str:
    named = argument if isinstance(argument, str) else getattr(argument, "name", "")
    if isinstance(argument, Release):
        named = str(argument)
    if isinstance(argument, tuple) and all(isinstance(one, str) for one in argument):
        named = ", ".join(argument)
    return named[:LONGEST_NAME] if isinstance(named, str) else ""


def _why(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"it has no {error}"
    return f"{type(error).__name__}: {error}"[:300]
