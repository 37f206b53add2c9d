"""The address of a build, as CodeBuild says it or as its ARN makes it."""

import pytest

from erp_build.config.codebuild import build_link

BUILD = "erp-unified-build:8f2c1d6e"


@pytest.mark.parametrize(
    ("partition", "region", "host"),
    [
        ("aws", "ap-northeast-2", "ap-northeast-2.console.aws.amazon.com"),
        ("aws-cn", "cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("aws-us-gov", "us-gov-west-1", "console.amazonaws-us-gov.com"),
    ],
)
def test_the_address_is_made_of_the_arn(partition: str, region: str, host: str) -> None:
    arn = f"arn:{partition}:codebuild:{region}:123456789012:build/{BUILD}"
    assert build_link({"CODEBUILD_BUILD_ARN": arn}) == (
        f"https://{host}/codesuite/codebuild/123456789012/projects/erp-unified-build/build/"
        f"erp-unified-build%3A8f2c1d6e/?region={region}"
    )


def test_what_codebuild_says_itself_counts_more() -> None:
    assert (
        build_link({"CODEBUILD_BUILD_URL": "https://x", "CODEBUILD_BUILD_ARN": "arn:aws:codebuild:a:1:build/b:c"})
        == "https://x"
    )


@pytest.mark.parametrize("arn", ["", "garbage", "arn:aws:codebuild:a:1:project/b", "a:b:c:d:e:f:g"])
def test_elsewhere_there_is_none(arn: str) -> None:
    assert build_link({"CODEBUILD_BUILD_ARN": arn}) == ""
