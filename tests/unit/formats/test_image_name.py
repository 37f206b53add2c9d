"""Names of images, as `reference.ParseNormalizedNamed` of Docker reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.formats.image_name import DOCKER_HUB, EcrHost, ecr_host, full_name, host_of, hosts_of, mirrored

ECR = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com"
MIRRORS = {DOCKER_HUB: f"{ECR}/docker-hub", "quay.io": "mirror.example:5000"}


@pytest.mark.parametrize(
    ("image", "host", "full"),
    [
        ("eclipse-temurin:17", DOCKER_HUB, "docker.io/library/eclipse-temurin:17"),
        ("eclipse-temurin", DOCKER_HUB, "docker.io/library/eclipse-temurin"),
        ("acme/base@sha256:1", DOCKER_HUB, "docker.io/acme/base@sha256:1"),
        ("docker.io/eclipse-temurin:17", DOCKER_HUB, "docker.io/library/eclipse-temurin:17"),
        ("index.docker.io/library/a", DOCKER_HUB, "docker.io/library/a"),
        ("localhost/a:1", "localhost", "localhost/a:1"),
        ("registry:5000/a", "registry:5000", "registry:5000/a"),
        ("a:17", DOCKER_HUB, "docker.io/library/a:17"),
        (f"{ECR}/docker-hub/library/a:1", ECR, f"{ECR}/docker-hub/library/a:1"),
        ("public.ecr.aws/lambda/java:17", "public.ecr.aws", "public.ecr.aws/lambda/java:17"),
    ],
)
def test_what_docker_leaves_out_is_filled_in(image: str, host: str, full: str) -> None:
    assert (host_of(image), full_name(image)) == (host, full)


@pytest.mark.parametrize(
    ("image", "fetched"),
    [
        ("eclipse-temurin:17", f"{ECR}/docker-hub/library/eclipse-temurin:17"),
        ("acme/base@sha256:1", f"{ECR}/docker-hub/acme/base@sha256:1"),
        ("docker.io/library/a", f"{ECR}/docker-hub/library/a"),
        ("quay.io/acme/a:1", "mirror.example:5000/acme/a:1"),
        ("ghcr.io/acme/a:1", "ghcr.io/acme/a:1"),
        (f"{ECR}/docker-hub/library/a:1", f"{ECR}/docker-hub/library/a:1"),
    ],
)
def test_an_image_is_fetched_from_the_mirror_of_its_host(image: str, fetched: str) -> None:
    assert mirrored(image, MIRRORS) == fetched


def test_account_and_region_stand_in_a_host_of_ecr() -> None:
    assert ecr_host(ECR) == EcrHost("123456789012", "ap-northeast-2")
    assert ecr_host("public.ecr.aws") is None


@given(st.from_regex(r"[0-9]{12}\.dkr\.ecr\.[a-z]{2}-[a-z]+-[0-9]\.[a-z.]{1,30}", fullmatch=True))
def test_a_host_of_another_domain_than_aws_is_none_of_ecr(host: str) -> None:
    """It would be sent a password of the account."""
    if ecr_host(host):
        assert host.endswith((".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".on.aws"))


def test_each_host_counts_once_and_an_unknown_one_not_at_all() -> None:
    assert hosts_of(["a:1", "b:2", "ghcr.io/c", "$BASE", "${BASE}:1"]) == (DOCKER_HUB, "ghcr.io")
