"""What `[build]` says of what a build may use: how it is read, and what is refused with its line."""

import pytest

from erp_build.config.load import parse_project
from erp_build.errors import ConfigurationError
from erp_build.model.build_options import BuildOptions

MIRROR = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/docker-hub"


def build(text: str, parameters: str = "/erp/dev") -> BuildOptions:
    return parse_project(f'parameters = "{parameters}"\n[build]\n{text}').build


def test_a_file_that_says_nothing_of_it_uses_nothing() -> None:
    assert parse_project("").build == parse_project("[build]\n").build == BuildOptions()


def test_every_parameter_has_its_full_name_from_the_beginning() -> None:
    """What reads them knows no prefix."""
    found = build('[build.secrets]\nNPM = "npm"\nB = "/b"\n[build.sign_in]\n"docker.io" = "hub"\n', "/erp/prod/")
    assert found.secrets == (("NPM", "/erp/prod/npm"), ("B", "/b"))
    assert found.sign_in == (("docker.io", "/erp/prod/hub"),)


def test_the_public_registry_of_aws_is_the_only_one_that_aws_itself_signs_in_to() -> None:
    assert build('sign_in = { "public.ecr.aws" = "aws" }\n').sign_in == (("public.ecr.aws", "aws"),)


def test_a_mirror_is_a_host_and_what_the_names_begin_with_there() -> None:
    assert build(f'[build.mirrors]\n"docker.io" = "{MIRROR}/"\n').mirrors == (("docker.io", MIRROR),)


def test_owner_and_region_of_a_domain_are_those_of_the_run_unless_they_are_given() -> None:
    assert build('[build.codeartifact]\ndomain = "erp"\n').codeartifact == ("erp", "", "")


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        ('pass = ["A B"]\n', "`A B` cannot be an environment variable", 3),
        ('pass = ["A"]\n[build.secrets]\nA = "a"\n', "`A` is given twice", 3),
        (
            '[build.secrets]\nCODEARTIFACT_AUTH_TOKEN = "a"\n[build.codeartifact]\ndomain = "erp"\n',
            "`CODEARTIFACT_AUTH_TOKEN` is given twice",
            2,
        ),
        ('[build.secrets]\nPATH = "a"\n', "erp_build itself sets `PATH`", 2),
        ('[build.secrets]\nA = "a b"\n', "`A` names no parameter", 2),
        ('[build.sign_in]\n"https://docker.io" = "a"\n', "`https://docker.io` is no registry", 4),
        ('[build.sign_in]\n"index.docker.io" = "a"\n', "`index.docker.io` is called docker.io", 4),
        ('[build.sign_in]\n"ghcr.io" = "aws"\n', '"aws" is for public.ecr.aws alone', 4),
        ('[build.sign_in]\n"ghcr.io" = "a b"\n', "`ghcr.io` names no parameter", 4),
        (f'[build.sign_in]\n"{MIRROR.partition("/")[0]}" = "a"\n', "needs no sign-in", 4),
        ('[build.mirrors]\n"docker.io" = "https://a.example/x"\n', "`docker.io` has no mirror", 4),
        ('[build.mirrors]\n"docker" = "a.example/x"\n', "`docker` is no registry", 4),
        ('[build.codeartifact]\nowner = "123456789012"\n', "`domain` is missing", 3),
        ('docker_config = "home"\n', "`docker_config` cannot be `home`", 3),
        ('registry = "registry.example.com"\n', "`registry` cannot be", 3),
        ('mirror = "x"\n', "unknown key `mirror`", 3),
    ],
)
def test_what_cannot_be_is_refused_with_its_line(text: str, what: str, line: int) -> None:
    with pytest.raises(ConfigurationError) as caught:
        build(text)
    assert what in caught.value.what
    assert caught.value.where == f"erp-build.toml:{line}"
    assert caught.value.next_step
