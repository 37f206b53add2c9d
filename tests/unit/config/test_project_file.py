"""`erp-build.toml`: what it means, what it defaults to, and where its file stands."""

from pathlib import Path

import pytest

from erp_build.config.load import default_project, load_gate_policy, load_project, parse_project
from erp_build.errors import ConfigurationError
from erp_build.model.project import Chart, Function, GatePolicy, Project, Service

SAMPLE = Path(__file__).parents[3] / "examples" / "erp"


def test_the_sample_file_says_what_the_default_is_and_has_an_alias() -> None:
    sample, default = load_project(SAMPLE), default_project()
    assert sample.config_path == "erp-build.toml"
    aliased = tuple(one._replace(publish=True, alias="live") for one in default.functions)
    assert sample._replace(config_path="") == default._replace(functions=aliased)


def test_a_repository_of_the_layout_without_a_file_is_the_default(tmp_path: Path) -> None:
    for target in default_project().targets:
        (tmp_path / target.path).mkdir(parents=True)
    assert load_project(tmp_path) == default_project()


def test_a_folder_of_another_layout_without_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no erp-build\.toml") as refused:
        load_project(tmp_path)
    assert "backend/approval-request-service" in refused.value.why
    assert "erp-build init" in refused.value.next_step


def test_an_empty_file_has_a_chart_and_no_services() -> None:
    assert parse_project("") == Project(config_path="erp-build.toml")


def test_a_service_needs_only_a_path() -> None:
    project = parse_project('[[service]]\npath = "backend/approval-request-service"\n')
    assert project.services == (
        Service(
            name="approval-request-service",
            path="backend/approval-request-service",
            repository="approval-request-service",
            values_key="services.approvalRequest",
        ),
    )


@pytest.mark.parametrize("kind", ["eks", "lambda"])
def test_inputs_count_for_a_service_as_for_a_function(kind: str) -> None:
    function = 'function = "f"' if kind == "lambda" else ""
    project = parse_project(f'[[service]]\npath = "a"\nkind = "{kind}"\ninputs = ["common/**", "x"]\n{function}')
    assert [target.inputs for target in project.image_targets] == [("common/**", "x")]


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("backend/notification-service", "services.notification"),
        ("backend/approval-request-service", "services.approvalRequest"),
        ("gateway", "services.gateway"),
        ("a/order-book", "services.orderBook"),
        ("service", "services.service"),
    ],
)
def test_the_key_in_the_values_file_follows_from_the_name(path: str, key: str) -> None:
    assert parse_project(f'[[service]]\npath = "{path}"\n').services[0].values_key == key


def test_everything_can_be_said() -> None:
    project = parse_project(
        """
        parameters = "erp/prod/"
        shared = ["backend/proto/**", "pom.xml"]
        [[service]]
        path = "/backend/a/"
        name = "alpha"
        dockerfile = "docker/Dockerfile"
        repository = "alpha-image"
        values_key = "apps.alpha"
        [[service]]
        path = "backend/f"
        kind = "lambda"
        function = "erp-prod-f"
        [chart]
        path = "deploy/chart/"
        values = "values-prod.yaml"
        release = "erp"
        namespace = "erp-prod"
        timeout = "1.5h"
        [gate]
        block = ["critical", "High"]
        timeout = "90s"
        """
    )
    alpha = Service(
        name="alpha",
        path="backend/a",
        dockerfile="docker/Dockerfile",
        repository="alpha-image",
        values_key="apps.alpha",
    )
    assert project == Project(
        parameters="/erp/prod",
        shared=("backend/proto/**", "pom.xml"),
        services=(alpha,),
        functions=(Function(name="f", path="backend/f", repository="f", function="erp-prod-f"),),
        chart=Chart(
            path="deploy/chart", values="values-prod.yaml", release="erp", namespace="erp-prod", timeout=5400.0
        ),
        gate=GatePolicy(block=("CRITICAL", "HIGH"), timeout=90.0),
        config_path="erp-build.toml",
    )


def test_services_keep_the_order_of_the_file_and_functions_come_after_them() -> None:
    text = '[[service]]\npath="f"\nkind="lambda"\nfunction="x"\n[[service]]\npath="b"\n[[service]]\npath="a"\n'
    assert [target.name for target in parse_project(text).targets] == ["b", "a", "f", "helm-chart"]


def test_two_thousand_services_cost_no_more_than_the_reading() -> None:
    text = "".join(f'[[service]]\npath = "backend/service-{number}"\n' for number in range(2000))
    assert len(parse_project(text).services) == 2000


def test_a_byte_order_mark_and_korean_comments_are_read(tmp_path: Path) -> None:
    (tmp_path / "erp-build.toml").write_bytes("\ufeff# 설정\nparameters = '/erp/개발'\r\n".encode())
    assert load_project(tmp_path).parameters == "/erp/개발"


def test_a_file_inside_the_repository_is_itself_an_input(tmp_path: Path) -> None:
    (tmp_path / "ci").mkdir()
    config = tmp_path / "ci" / "erp.toml"
    config.write_text("")
    assert load_project(tmp_path, config).config_path == "ci/erp.toml"


def test_a_file_outside_the_repository_has_no_history_there(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    root.mkdir()
    config = tmp_path / "erp.toml"
    config.write_text("")
    assert load_project(root, config).config_path == ""


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is not there") as caught:
        load_project(tmp_path, tmp_path / "other.toml")
    assert caught.value.where == str(tmp_path / "other.toml")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        pytest.param(b"parameters = \n", "is not TOML", id="broken TOML"),
        pytest.param(b"# \xff\n", "cannot be read", id="not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / "erp-build.toml").write_bytes(content)
    with pytest.raises(ConfigurationError, match=what) as caught:
        load_project(tmp_path)
    assert caught.value.where == str(tmp_path / "erp-build.toml")


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "erp-build.toml").mkdir()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_project(tmp_path)


def test_a_policy_may_stand_in_a_file_of_its_own_or_in_a_project(tmp_path: Path) -> None:
    policy = tmp_path / "strict.toml"
    policy.write_text('[gate]\nblock = ["HIGH"]\n[other]\nthing = 1\n')
    assert load_gate_policy(policy) == GatePolicy(block=("HIGH",))
    assert load_gate_policy(SAMPLE / "erp-build.toml") == GatePolicy()


def test_a_policy_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="the policy cannot be read"):
        load_gate_policy(tmp_path / "none.toml")
