"""Which answers pass: each caller in this process is held to the cases of `tests/cases/transient.json`.

Those that speak HTTP or start Helm are held to them in `tests/contract`.
"""

from contextlib import nullcontext
from typing import Any

import pytest
from botocore.exceptions import ClientError

from erp_build.clients.aws.lambda_functions import LambdaFunctions
from erp_build.clients.aws.registry import EcrRegistry
from erp_build.clients.aws.session import translate_aws_errors
from erp_build.clients.clock import SimulatedClock
from erp_build.clients.docker.events import read_push
from erp_build.clients.secrets import Secrets
from erp_build.errors import ErpBuildError, GateInconclusive, PushFailed
from erp_build.formats.access_denied import is_denied
from erp_build.formats.transient import PASSING_STATUSES, code_passes, push_text_passes, retry_after, text_passes
from erp_build.gate.scan_watch import ScanClient, ScanWatch
from erp_build.model.images.scan import Scanning
from erp_build.model.images.verdict import Wait
from erp_build.model.releases.lambda_function import FunctionState
from tests.support.cases import transient

AWS, HTTP, TEXT, PUSH = (pytest.mark.parametrize("case", transient(of)) for of in ("aws", "http", "text", "push"))


class Refusing:
    """An SDK client and scan starter whose every call ends with the answer of a case."""

    def __init__(self, case: dict[str, Any]) -> None:
        about = {"HTTPStatusCode": case["status"], "HTTPHeaders": case.get("headers", {})}
        self.answer: Any = {"Error": {"Code": case["code"], "Message": "no"}, "ResponseMetadata": about}

    def __getattr__(self, name: str) -> Any:
        def call(**_: object) -> None:
            raise ClientError(self.answer, name)

        return call

    def scan_page(self, *_: object) -> Any:
        return self.answer

    def start_scan(self, repository: str, digest: str) -> bool:
        raise AssertionError(f"{repository}@{digest} is not to be scanned")


@AWS
def test_a_code_of_aws_passes_or_not(case: dict[str, Any]) -> None:
    assert code_passes(case["code"], case["status"]) == case["passes"]


@HTTP
def test_a_status_passes_or_not_and_says_for_how_long(case: dict[str, Any]) -> None:
    assert (case["status"] in PASSING_STATUSES) == case["passes"]
    assert not case.get("wait") or retry_after(case["headers"]) == case["wait"]


@TEXT
def test_a_message_passes_or_not(case: dict[str, Any]) -> None:
    assert text_passes(case["text"]) == case["passes"]


@PUSH
def test_a_push_broke_off_or_was_refused(case: dict[str, Any]) -> None:
    assert push_text_passes(case["text"]) == case["passes"]
    with pytest.raises(PushFailed, match="the registry refused the image") as caught:
        read_push([{"error": case["text"]}], where="host/erp/a:1")
    assert caught.value.passes == case["passes"]


@AWS
def test_an_error_of_a_client_knows_whether_it_passes(case: dict[str, Any]) -> None:
    with (
        pytest.raises(ErpBuildError, match=r"ecr:PutImage|credentials") as caught,
        translate_aws_errors("ecr:PutImage", "erp/a"),
    ):
        Refusing(case).put_image()
    assert caught.value.passes == case["passes"]
    assert caught.value.wait == case.get("wait", 0)


@AWS
def test_the_gate_waits_for_what_passes_alone(case: dict[str, Any]) -> None:
    asked = Refusing(case)
    scanner = ScanClient(page=asked.scan_page, starter=asked, clock=SimulatedClock(), scanning=lambda _: Scanning())
    assert isinstance(ScanWatch("erp/a", "sha256:1", scanner).look(), Wait) == case["passes"]


@AWS
def test_whether_an_update_is_allowed_is_not_known_from_an_answer_that_passes(case: dict[str, Any]) -> None:
    functions: Any = LambdaFunctions(Refusing(case))  # type: ignore[arg-type]
    is_raised = case["passes"] or is_denied(case["code"])
    with pytest.raises(ErpBuildError, match="lambda:UpdateFunctionCode") if is_raised else nullcontext() as caught:
        functions.may_update(FunctionState(name="employee", package_type="Image"))
    assert not caught or caught.value.passes == case["passes"]


@AWS
def test_how_a_registry_scans_is_unknown_only_after_a_final_answer(case: dict[str, Any]) -> None:
    registry = EcrRegistry(Refusing(case), Secrets())  # type: ignore[arg-type]
    if case["passes"]:
        with pytest.raises(GateInconclusive, match="ecr:BatchGetRepositoryScanningConfiguration") as caught:
            registry.scanning("erp/a")
        assert caught.value.passes
    else:
        assert registry.scanning("erp/a").doubt


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"retry-after": " 0 "}, 0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30),
        ({"Retry-After": "Wed, 21 Oct 2026 07:27:00 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT"}, 0),
        ({"Retry-After": "soon"}, 0),
        ({"Retry-After": "-5"}, 0),
        ({}, 0),
    ],
)
def test_the_time_that_a_server_asks_for_is_read_in_both_forms(headers: dict[str, str], seconds: float) -> None:
    assert retry_after(headers) == seconds
