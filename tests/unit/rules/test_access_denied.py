"""Which codes of AWS are refusals by a policy: each caller is held to the cases of `tests/cases/access_denied.json`."""

from contextlib import nullcontext
from typing import Any

import pytest
from botocore.exceptions import ClientError

from erp_build.clients.aws.lambda_functions import LambdaFunctions
from erp_build.clients.aws.session import translate_aws_errors
from erp_build.clients.clock import SimulatedClock
from erp_build.errors import ErpBuildError, FunctionUpdateFailed
from erp_build.formats.access_denied import is_denied
from erp_build.gate.scan_watch import ScanClient, ScanWatch
from erp_build.model.images.scan import Scanning
from erp_build.model.images.verdict import Verdict
from erp_build.model.releases.lambda_function import FunctionState
from tests.support.cases import table

CASES = pytest.mark.parametrize("case", table("access_denied"))


class Refusing:
    """An SDK client, registry and scan starter whose every call ends with one code."""

    def __init__(self, code: str) -> None:
        self.answer: Any = {"Error": {"Code": code, "Message": "no"}}

    def update_function_code(self, **_: object) -> None:
        raise ClientError(self.answer, "UpdateFunctionCode")

    def scan_page(self, *_: object) -> Any:
        return self.answer

    def start_scan(self, repository: str, digest: str) -> bool:
        raise AssertionError(f"{repository}@{digest} is not to be scanned")


@CASES
def test_the_rule_itself(case: dict[str, Any]) -> None:
    assert is_denied(case["code"]) == case["denied"]


@CASES
def test_an_error_of_a_client_names_the_action_to_allow(case: dict[str, Any]) -> None:
    with pytest.raises(ErpBuildError, match="ecr:PutImage") as caught, translate_aws_errors("ecr:PutImage", "erp/a"):
        raise ClientError(Refusing(case["code"]).answer, "PutImage")
    assert (caught.value.what == "ecr:PutImage is not allowed") == case["denied"]


@CASES
def test_an_update_that_is_not_allowed_is_found_before_the_build(case: dict[str, Any]) -> None:
    functions = LambdaFunctions(Refusing(case["code"]))  # type: ignore[arg-type]
    refused = pytest.raises(FunctionUpdateFailed, match="lambda:UpdateFunctionCode is not allowed")
    with refused if case["denied"] else nullcontext():
        functions.may_update(FunctionState(name="employee", package_type="Image"))


@CASES
def test_the_gate_names_the_action_to_allow(case: dict[str, Any]) -> None:
    asked = Refusing(case["code"])
    scanner = ScanClient(page=asked.scan_page, starter=asked, clock=SimulatedClock(), scanning=lambda _: Scanning())
    verdict = ScanWatch("erp/a", "sha256:1", scanner).look()
    assert isinstance(verdict, Verdict)
    assert ("ecr:DescribeImageScanFindings is not allowed" in verdict.why) == case["denied"]
    assert verdict.next_step.startswith("add ecr:DescribeImageScanFindings") == case["denied"]
