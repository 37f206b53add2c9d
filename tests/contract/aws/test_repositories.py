"""Whether tags of a repository may move: over moto where it knows the setting, else over the API's model."""

from typing import Any

import pytest

from erp_build.clients.aws.inspection import RepositorySettings
from erp_build.errors import ConfigurationError
from tests.contract.aws.conftest import client, stubbed

REPOSITORY = "erp/notification-service"


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(("mode", "may"), [("MUTABLE", True), ("IMMUTABLE", False)])
def test_the_setting_of_a_repository_tells_whether_its_tags_may_move(mode: Any, may: object) -> None:
    client("ecr").create_repository(repositoryName=REPOSITORY, imageTagMutability=mode)
    assert RepositorySettings(client("ecr")).may_move(REPOSITORY, "latest") is may


@pytest.mark.usefixtures("account")
def test_a_repository_that_is_not_there_is_none() -> None:
    assert RepositorySettings(client("ecr")).may_move(REPOSITORY, "latest") is None


@pytest.mark.parametrize(
    ("mode", "pattern", "may"),
    [
        ("IMMUTABLE_WITH_EXCLUSION", "lat*", True),
        ("IMMUTABLE_WITH_EXCLUSION", "dev-*", False),
        ("MUTABLE_WITH_EXCLUSION", "latest", False),
        ("MUTABLE_WITH_EXCLUSION", "v*", True),
    ],
)
def test_an_exclusion_turns_the_setting_round_for_the_tags_that_it_names(mode: str, pattern: str, may: object) -> None:
    ecr, stub = stubbed("ecr")
    found = {
        "imageTagMutability": mode,
        "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": pattern}],
    }
    stub.add_response("describe_repositories", {"repositories": [found]}, {"repositoryNames": [REPOSITORY]})
    assert RepositorySettings(ecr).may_move(REPOSITORY, "latest") is may


def test_who_may_not_ask_learns_which_action_it_needs() -> None:
    ecr, stub = stubbed("ecr")
    stub.add_client_error("describe_repositories", "AccessDeniedException")
    with pytest.raises(ConfigurationError, match="ecr:DescribeRepositories is not allowed"):
        RepositorySettings(ecr).may_move(REPOSITORY, "latest")
