"""How the image of a service is made: `package`, `context`, `docker_target` and `args` of a [[service]]."""

import pytest

from erp_build.config.load import parse_project
from erp_build.errors import ConfigurationError
from erp_build.model.packaging import context_of, dockerfile_of, has_wider_context, within
from erp_build.model.project import Function, Service

KINDS = {"eks": "", "lambda": 'kind = "lambda"\nfunction = "f"\n'}
SERVICE = '[[service]]\npath = "apps/web"\n'


def read(more: str = "", kind: str = "eks") -> Service | Function:
    return parse_project(SERVICE + KINDS[kind] + more).image_targets[0]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_written_is_maven_in_the_services_own_directory(kind: str) -> None:
    target = read(kind=kind)
    assert (target.package, target.context, target.docker_target, target.args) == ("maven", "", "", ())
    assert (context_of(target), dockerfile_of(target)) == ("apps/web", "apps/web/Dockerfile")
    assert not has_wider_context(target)


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_is_read_for_services_and_functions(kind: str) -> None:
    lines = 'package = "none"\ncontext = "."\ndocker_target = "web"\nargs = { B = "2", A = "1" }\n'
    target = read(lines, kind)
    assert (target.package, target.context, target.docker_target) == ("none", ".", "web")
    assert target.args == (("A", "1"), ("B", "2"))
    assert context_of(target) == ""
    assert has_wider_context(target)


@pytest.mark.parametrize(
    ("context", "folder", "is_wider"),
    [
        (".", "", True),
        ("apps", "apps", True),
        ("/apps/", "apps", True),
        ("apps/web", "apps/web", False),
        ("apps/web/docker", "apps/web/docker", False),
        ("docker/web", "docker/web", True),
        ("apps/web2", "apps/web2", True),
    ],
)
def test_a_context_is_wider_where_it_has_files_of_others(context: str, folder: str, *, is_wider: bool) -> None:
    target = read(f'package = "none"\ncontext = "{context}"\n')
    assert (context_of(target), has_wider_context(target)) == (folder, is_wider)


@pytest.mark.parametrize(
    ("context", "path", "inside"),
    [
        ("", "a/b", "a/b"),
        ("a", "a/b", "b"),
        ("a", "a", "."),
        ("a", "ab/c", None),
        ("a/b", "a", None),
    ],
)
def test_a_path_is_known_to_the_builder_from_the_context_on(context: str, path: str, inside: str | None) -> None:
    assert within(context, path) == inside


@pytest.mark.parametrize(
    ("more", "line", "what", "next_step"),
    [
        ('args = { DB_PASSWORD = "hunter2!x" }\n', 3, "the build argument DB_PASSWORD holds a secret", "at run time"),
        ('args = { URL = "https://me:pw-xyzz@host/" }\n', 3, "the build argument URL holds a secret", "at run time"),
        ('args = { REVISION = "1" }\n', 3, "the build argument REVISION is always the commit", "another name"),
        ('args = { "a b" = "1" }\n', 3, "`a b` cannot be a build argument", "args = {"),
        ("args = { A = 1 }\n", 3, "`A` of `args` must be a text", ""),
        ('args = ["A=1"]\n', 3, "`args` must be a table", ""),
        ('package = "none"\nlayers = true\n', 4, "`layers` needs Maven", "take the line out"),
        ('context = "docker"\n', 3, "the Dockerfile could not copy the jar", 'package = "none"'),
        ('context = "../x"\n', 3, "`context` cannot be `../x`", "such as"),
        ('package = "Maven"\n', 3, "`package` cannot be `Maven`", "such as"),
        ('docker_target = "a b"\n', 3, "`docker_target` cannot be `a b`", "such as"),
    ],
)
def test_a_mistake_is_named_with_its_line(more: str, line: int, what: str, next_step: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(more)
    assert caught.value.what.startswith(what)
    assert caught.value.where == f"erp-build.toml:{line}"
    assert next_step in caught.value.next_step
    assert "hunter2" not in f"{caught.value.what}{caught.value.why}{caught.value.next_step}"


def test_an_argument_that_only_names_a_secret_is_none() -> None:
    assert read('args = { TOKEN_TIME = "300", SECRET_NAME = "order-db" }\n').args


@pytest.mark.parametrize("services", ["", 'services = ["web"]\n'], ids=["for all", "for it by name"])
def test_a_check_that_calls_maven_is_for_no_service_without_maven(services: str) -> None:
    check = f'[[check]]\nname = "style"\nmaven = ["checkstyle:check"]\n{services}'
    with pytest.raises(ConfigurationError, match="the check style calls Maven, which does not build web") as caught:
        parse_project(f'{SERVICE}package = "none"\n{check}')
    assert "name the services" in caught.value.next_step


def test_a_check_that_calls_a_program_is_for_any_service() -> None:
    text = f'{SERVICE}package = "none"\n[[check]]\nname = "style"\ncommand = ["npm", "run", "lint"]\n'
    assert parse_project(text).checks[0].is_for("web")
