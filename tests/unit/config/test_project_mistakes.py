"""Mistakes in `erp-build.toml`: each names its line and what to write instead."""

import pytest

from erp_build.config.load import parse_project
from erp_build.errors import ConfigurationError

A = '[[service]]\npath = "backend/a"\n'

MISTAKES = [
    # (text, line, what, next step)
    pytest.param("parameter = '/x'\n", 1, "unknown key `parameter`", "did you mean `parameters`?", id="unknown key"),
    pytest.param("\n\nxyz = 1\n", 3, "unknown key `xyz`", "known keys: parameters, shared", id="nothing like it"),
    pytest.param("[[services]]\npath='a'\n", 1, "unknown key `services`", "`service`?", id="misspelled table"),
    pytest.param(A + "pth = 'b'\n", 3, "unknown key `pth` in [[service]]", "did you mean `path`?", id="in a service"),
    pytest.param("[chart]\nrelase = 'x'\n", 2, "unknown key `relase` in [chart]", "`release`?", id="in the chart"),
    pytest.param("[gate]\nblocks = []\n", 2, "unknown key `blocks` in [gate]", "`block`?", id="in the gate"),
    pytest.param(A + "function = 'f'\n", 3, "unknown key `function`", "known keys", id="a function's key on a service"),
    pytest.param(
        A + "kind = 'lambda'\nfunction = 'f'\nvalues_key = 'x'\n", 5, "unknown key `values_key`", "", id="and back"
    ),
    pytest.param(
        "parameters = 5\n", 1, "`parameters` must be a text", 'write parameters = "..."', id="number for text"
    ),
    pytest.param("parameters = ' '\n", 1, "`parameters` must be a text", "", id="blank text"),
    pytest.param("shared = 'a/**'\n", 1, "`shared` must be a list of texts", 'shared = ["..."]', id="text for a list"),
    pytest.param("shared = [1]\n", 1, "`shared` must be a list of texts", "", id="a number in a list"),
    pytest.param("[service]\npath='a'\n", 1, "`service` must be an array of tables", "[[service]]", id="one bracket"),
    pytest.param("service = [1]\n", 1, "`service` must be an array of tables", "[[service]]", id="numbers for tables"),
    pytest.param("[[gate]]\n", 1, "`gate` must be a table", "write [gate]", id="two brackets"),
    pytest.param("chart = [1]\n", 1, "`chart` must be an array of tables", "[[chart]]", id="numbers for charts"),
    pytest.param("gate = true\n", 1, "`gate` must be a table", "write [gate]", id="a truth for a table"),
    pytest.param("\n[[service]]\nname = 'a'\n", 2, "`path` is missing in [[service]]", "add path", id="no path"),
    pytest.param(A + "kind = 'lambda'\n", 1, "`function` is missing", "add function", id="a lambda without function"),
    pytest.param(A + "kind = 'ekss'\n", 3, "`kind` cannot be `ekss`", "did you mean `eks`?", id="misspelled kind"),
    pytest.param(A + "kind = 'ecs'\n", 3, "`kind` cannot be `ecs`", "", id="unknown kind"),
    pytest.param("[gate]\nblock=['CRITICL']\n", 2, "`block` cannot be `CRITICL`", "`CRITICAL`?", id="severity"),
    pytest.param("[[service]]\npath='a/../b'\n", 2, "`path` must be a path below", "such as", id="a path with dots"),
    pytest.param("[[service]]\npath='../b'\n", 2, "`path` must be a path below", "", id="a path out of the root"),
    pytest.param("[[service]]\npath='./b'\n", 2, "`path` must be a path below", "", id="a path with a dot"),
    pytest.param("[[service]]\npath='a//b'\n", 2, "`path` must be a path below", "", id="a path with an empty part"),
    pytest.param("[[service]]\npath='/'\n", 2, "`path` must be a path below", "", id="the root itself"),
    pytest.param("[chart]\npath='../chart'\n", 2, "`path` must be a path below", "", id="a chart out of the root"),
]


@pytest.mark.parametrize(("text", "line", "what", "next_step"), MISTAKES)
def test_a_mistake_is_named_with_its_line(text: str, line: int, what: str, next_step: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_project(text, "erp-build.toml")
    assert caught.value.what.startswith(what)
    assert caught.value.where == f"erp-build.toml:{line}"
    assert next_step in caught.value.next_step


@pytest.mark.parametrize("duration", ["5", "5 m", "m", "-5m", "0s", "0.0m", "5d", "1m30s", ""])
@pytest.mark.parametrize("table", ["chart", "gate"])
def test_a_duration_has_a_number_and_a_unit(table: str, duration: str) -> None:
    with pytest.raises(ConfigurationError, match="`timeout` must be") as caught:
        parse_project(f'[{table}]\ntimeout = "{duration}"\n')
    assert caught.value.where == "erp-build.toml:2"


def test_a_run_has_a_time_of_its_own_only_where_it_is_written() -> None:
    assert parse_project("").timeout == 0
    assert parse_project('timeout = "45m"\n').timeout == 2700
    with pytest.raises(ConfigurationError, match="`timeout` must be a duration"):
        parse_project('timeout = "0s"\n')


def test_a_duration_is_not_a_bare_number() -> None:
    with pytest.raises(ConfigurationError, match="`timeout` must be a text"):
        parse_project("[gate]\ntimeout = 600\n")


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90.0), ("5m", 300.0), ("1h", 3600.0), ("0.5m", 30.0)])
def test_a_duration_is_read_in_seconds(text: str, seconds: float) -> None:
    assert parse_project(f'[gate]\ntimeout = "{text}"\n').gate.timeout == seconds


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param(A + '[[service]]\npath = "other/a"\n', "a", id="two paths with the same end"),
        pytest.param(A + '[[service]]\npath = "b"\nname = "a"\n', "a", id="a name that is taken"),
        pytest.param(A + '[[service]]\npath="b/a"\nkind="lambda"\nfunction="f"\n', "a", id="service and function"),
        pytest.param('[[service]]\npath = "helm-chart"\n', "helm-chart", id="the chart's name"),
    ],
)
def test_a_name_is_given_once(text: str, name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"2 targets have the name `{name}`") as caught:
        parse_project(text)
    assert "of its own" in caught.value.next_step


def test_the_line_is_that_of_the_table_with_the_mistake() -> None:
    with pytest.raises(ConfigurationError, match="`kind` cannot be `ekss`") as caught:
        parse_project(A + "kind = 'eks'\n\n[[service]]\npath = 'backend/b'\nkind = 'ekss'\n")
    assert caught.value.where == "erp-build.toml:7"


def test_the_line_is_not_that_of_the_same_key_in_another_table() -> None:
    with pytest.raises(ConfigurationError, match="`timeout` must be a duration") as caught:
        parse_project("[chart]\ntimeout = '5m'\n[gate]\ntimeout = 'soon'\n")
    assert caught.value.where == "erp-build.toml:4"


@pytest.mark.parametrize(
    ("tables", "what", "next_step"),
    [
        pytest.param(
            'repository = "r"\n', "2 services or functions have the repository `r`", "`repository", id="image"
        ),
        pytest.param(
            'values_key = "services.x"\n', "2 services have the values_key `services.x`", "`values_key", id="key"
        ),
        pytest.param(
            'kind = "lambda"\nfunction = "f"\n', "2 functions have the function `f`", "`function", id="function"
        ),
    ],
)
def test_what_is_one_services_own_is_given_once(tables: str, what: str, next_step: str) -> None:
    text = "".join(f'[[service]]\npath = "backend/{name}"\n{tables}' for name in "ab")
    with pytest.raises(ConfigurationError, match=what) as caught:
        parse_project(text)
    assert next_step in caught.value.next_step


def test_a_service_and_a_function_have_repositories_of_their_own() -> None:
    function = '[[service]]\npath = "backend/b"\nkind = "lambda"\nfunction = "f"\nrepository = "a"\n'
    with pytest.raises(ConfigurationError, match="2 services or functions have the repository `a`"):
        parse_project(A + function)


@pytest.mark.parametrize(
    "line",
    [
        'path = "backend/*"',
        'path = "backend/[ab]"',
        "path = 'backend\\a'",
        'path = "backend/a "',
        'path = "./backend/a"',
        'path = "backend/../a"',
        'path = "a"\ndockerfile = "../../docker/a.Dockerfile"',
        'path = "a"\ninputs = ["./proto/**"]',
        "path = 'a'\ninputs = ['proto\\**']",
        'path = "a"\ninputs = ["proto/** "]',
    ],
)
def test_what_can_never_match_is_refused(line: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_project(f"[[service]]\n{line}\n")
    assert caught.value.next_step
