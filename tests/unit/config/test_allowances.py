"""`[[build.allow]]`: what of a Dockerfile is meant as it is, with a reason."""

import pytest

from erp_build.config.load import parse_project
from erp_build.errors import ConfigurationError

SERVICES = '[[service]]\npath = "a"\n[[service]]\npath = "b"\n'
ROW = '[[build.allow]]\nfinding = "secret"\nname = "TOKEN_SALT"\nreason = "public"\n'


def test_a_row_is_for_one_finding_of_one_name() -> None:
    build = parse_project(f'{SERVICES}[build]\ntests = "run"\n{ROW}').build
    assert build.tests == "run"
    assert build.allows("a", "secret", "TOKEN_SALT")
    assert not build.allows("a", "secret", "TOKEN")
    assert not build.allows("a", "source", "TOKEN_SALT")


def test_a_row_may_be_for_some_services() -> None:
    build = parse_project(f'{SERVICES}{ROW}services = ["b"]\n').build
    assert [build.allows(name, "secret", "TOKEN_SALT") for name in ("a", "b")] == [False, True]


@pytest.mark.parametrize(
    ("row", "line", "what"),
    [
        (ROW.replace('reason = "public"\n', ""), 5, "`reason` is missing in [[build.allow]]"),
        (ROW.replace("public", " "), 8, "`reason` must be a text"),
        (ROW.replace('finding = "secret"\n', ""), 5, "`finding` is missing"),
        (ROW.replace('"secret"', '"secrets"'), 6, "`finding` cannot be `secrets`"),
        (f'{ROW}until = "x"\n', 9, "unknown key `until`"),
    ],
)
def test_a_row_that_is_incomplete_is_refused_with_its_line(row: str, line: int, what: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_project(SERVICES + row)
    assert caught.value.what.startswith(what)
    assert caught.value.where == f"erp-build.toml:{line}"


def test_a_row_for_what_is_no_service_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="TOKEN_SALT is for c, which is not a service"):
        parse_project(f'{SERVICES}{ROW}services = ["c"]\n')
