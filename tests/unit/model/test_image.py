import pytest

from erp_build.model.images.image import ImageReference

DIGEST = "sha256:" + "0" * 64
ECR = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com"


@pytest.mark.parametrize(
    ("text", "repository", "tag", "digest"),
    [
        pytest.param(f"{ECR}/erp/a:1234567", "erp/a", "1234567", "", id="host and tag"),
        pytest.param(f"{ECR}/erp/a@{DIGEST}", "erp/a", "", DIGEST, id="host and digest"),
        pytest.param(f"{ECR}/erp/a:1234567@{DIGEST}", "erp/a", "1234567", DIGEST, id="tag and digest"),
        pytest.param(f"{ECR}/erp/a", "erp/a", "", "", id="neither"),
        pytest.param("localhost:5000/erp/a", "erp/a", "", "", id="a port is no tag"),
        pytest.param("localhost:5000/erp/a:v1", "erp/a", "v1", "", id="port and tag"),
        pytest.param("localhost/erp/a:v1", "erp/a", "v1", "", id="localhost is a host"),
        pytest.param("registry:5000/a", "a", "", "", id="a name with a port is a host"),
        pytest.param("erp/a:v1", "erp/a", "v1", "", id="no host"),
        pytest.param("erp.prefix/a:v1", "a", "v1", "", id="a dot in the first part makes it a host, as in Docker"),
        pytest.param("redis", "redis", "", "", id="a bare name"),
        pytest.param("redis:7", "redis", "7", "", id="a bare name with a tag"),
        pytest.param("", "", "", "", id="nothing"),
    ],
)
def test_a_reference_is_split(text: str, repository: str, tag: str, digest: str) -> None:
    assert ImageReference.parse(text) == ImageReference(repository, tag, digest)


def test_the_same_repository_in_two_accounts_is_the_same_repository() -> None:
    other = ECR.replace("123456789012", "210987654321")
    assert ImageReference.parse(f"{ECR}/erp/a:1") == ImageReference.parse(f"{other}/erp/a:1")
