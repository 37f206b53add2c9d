"""The six parameters: all missing ones at once, each checked, and compared with who really calls."""

import pytest

from erp_build.config.codebuild import commit_from
from erp_build.config.environment import make_environment, parameter_names
from erp_build.errors import ConfigurationError
from erp_build.model.environment import Environment

ACCOUNT, REGION = "123456789012", "ap-northeast-2"
GOOD = {
    "/erp/dev/account-id": ACCOUNT,
    "/erp/dev/region": REGION,
    "/erp/dev/eks/cluster-name": "erp-dev",
    "/erp/dev/ecr/repository-prefix": "erp",
    "/erp/dev/project-name": "erp",
    "/erp/dev/environment": "dev",
}


def make(found: dict[str, str], account: str = ACCOUNT, region: str = REGION) -> Environment:
    return make_environment("/erp/dev", found, account=account, region=region)


def test_six_good_values_are_an_environment() -> None:
    assert make(GOOD) == Environment(
        account=ACCOUNT, region=REGION, cluster="erp-dev", repository_prefix="erp", project_name="erp", name="dev"
    )
    assert make(GOOD).repository("notification-service") == "erp/notification-service"


def test_the_names_are_those_of_parameter_store() -> None:
    assert set(parameter_names("/erp/dev")) == set(GOOD)


def test_all_missing_parameters_are_named_at_once() -> None:
    with pytest.raises(ConfigurationError, match="3 of 6 parameters are missing") as caught:
        make({name: GOOD[name] for name in list(GOOD)[:3]})
    assert caught.value.why.splitlines() == list(GOOD)[3:]
    assert REGION in caught.value.where
    assert "put-parameter" in caught.value.next_step


def test_other_parameters_do_not_disturb() -> None:
    assert make({**GOOD, "/erp/dev/more": "x"}) == make(GOOD)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("account-id", "12345678901", id="eleven digits"),
        pytest.param("account-id", ACCOUNT + "\n", id="account with a line end"),
        pytest.param("account-id", "", id="empty account"),
        pytest.param("region", "ap-northeast-2 ", id="region with a space"),
        pytest.param("region", "Seoul", id="no region"),
        pytest.param("region", "ap-northeast-2\n", id="region with a line end"),
        pytest.param("eks/cluster-name", "erp dev", id="cluster with a space"),
        pytest.param("eks/cluster-name", "-erp", id="cluster that begins like an option"),
        pytest.param("eks/cluster-name", "e" * 101, id="cluster that is too long"),
        pytest.param("ecr/repository-prefix", "ERP", id="prefix in capitals"),
        pytest.param("ecr/repository-prefix", "erp/", id="prefix with a slash at its end"),
        pytest.param("ecr/repository-prefix", "erp--x", id="prefix with two dashes"),
        pytest.param("project-name", "", id="empty project"),
        pytest.param("environment", "dev\r\n", id="environment with CRLF"),
        pytest.param("environment", "$(id)", id="environment with a shell's words"),
    ],
)
def test_an_unusable_value_is_named_and_shown(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match="unusable value") as caught:
        make({**GOOD, f"/erp/dev/{name}": value})
    assert caught.value.where == f"/erp/dev/{name}"
    assert repr(value) in caught.value.why


@pytest.mark.parametrize("prefix", ["erp", "a", "erp/dev", "erp-dev", "erp.dev_x/y", "1"])
def test_a_repository_prefix_may_have_parts(prefix: str) -> None:
    assert make({**GOOD, "/erp/dev/ecr/repository-prefix": prefix}).repository_prefix == prefix


@pytest.mark.parametrize("region", ["us-gov-west-1", "us-iso-east-1", "eu-central-2", "cn-north-1"])
def test_regions_of_all_partitions_are_regions(region: str) -> None:
    assert make({**GOOD, "/erp/dev/region": region}, region=region).region == region


def test_another_account_is_refused_before_anything_is_built() -> None:
    with pytest.raises(ConfigurationError, match="does not fit the caller's account") as caught:
        make(GOOD, account="999999999999")
    assert caught.value.where == "/erp/dev/account-id"
    assert "999999999999" in caught.value.why


def test_another_region_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="does not fit this session's region") as caught:
        make(GOOD, region="us-east-1")
    assert caught.value.where == "/erp/dev/region"


COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("variables", "commit"),
    [
        pytest.param({}, None, id="unset"),
        pytest.param({"V": ""}, None, id="empty"),
        pytest.param({"V": "0" * 40}, None, id="zeros, a new branch"),
        pytest.param({"V": COMMIT}, COMMIT, id="a commit"),
        pytest.param({"V": f" {COMMIT}\n"}, COMMIT, id="with blanks around it"),
        pytest.param({"V": COMMIT.upper()}, COMMIT, id="in capitals"),
        pytest.param({"V": COMMIT[:39]}, None, id="a digit too few"),
        pytest.param({"V": COMMIT + "0"}, None, id="a digit too many"),
        pytest.param({"V": COMMIT[:7]}, None, id="a short one"),
        pytest.param({"V": "main"}, None, id="a branch"),
        pytest.param({"V": "--upload-pack=x" + "0" * 25}, None, id="what looks like an option"),
        pytest.param({"V": "arn:aws:s3:::codepipeline-ap-northeast-2/x"}, None, id="the artifact of a pipeline"),
        pytest.param({"OTHER": COMMIT}, None, id="another variable"),
    ],
)
def test_a_commit_is_taken_from_a_variable(variables: dict[str, str], commit: str | None) -> None:
    assert commit_from(variables, "V") == commit
