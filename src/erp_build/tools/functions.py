"""Lambda functions that run an image. The service's answers hold the function's environment; none is passed on."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from tenacity import Retrying, retry_if_exception, wait_exponential_jitter

from erp_build.domain.release import FunctionState
from erp_build.errors import FunctionUpdateFailed
from erp_build.tools.aws import asking, error_code
from erp_build.tools.clock import Clock, Deadline

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

CONFLICT_SECONDS = 300.0
"""How long somebody else's update may keep ours waiting."""


class LambdaFunctions:
    """Reads and updates functions."""

    def __init__(self, client: "LambdaClient", clock: Clock, say: Callable[[str], None]) -> None:
        self._client = client
        self._clock = clock
        self._say = say

    def state(self, name: str) -> FunctionState | None:
        """The function, or None where there is none with this name."""
        with asking("lambda:GetFunction", name, FunctionUpdateFailed):
            try:
                answer = self._client.get_function(FunctionName=name)
            except ClientError as error:
                if error_code(error) == "ResourceNotFoundException":
                    return None
                raise
        configuration, code = answer["Configuration"], answer.get("Code", {})
        return FunctionState(
            name=name,
            package_type=configuration.get("PackageType", "Zip"),
            image=code.get("ImageUri", ""),
            resolved=code.get("ResolvedImageUri", ""),
            architecture=(configuration.get("Architectures") or ["x86_64"])[0],
            state=configuration.get("State", ""),
            last_update=configuration.get("LastUpdateStatus", ""),
            reason=configuration.get("LastUpdateStatusReason", "") or configuration.get("StateReason", ""),
            revision=configuration.get("RevisionId", ""),
        )

    def update(self, name: str, image: str) -> None:
        """Point the function at an image by digest.

        An update in progress answers ResourceConflictException, which botocore retries in no mode.
        """
        deadline = Deadline(self._clock, CONFLICT_SECONDS)
        retrying = Retrying(
            retry=retry_if_exception(_is_conflict),
            wait=wait_exponential_jitter(initial=1, max=15),
            stop=lambda _: deadline.is_over,
            sleep=self._clock.sleep,
            before_sleep=lambda state: self._say(f"update in progress, attempt {state.attempt_number + 1} follows"),
            reraise=True,
        )
        with asking("lambda:UpdateFunctionCode", name, FunctionUpdateFailed):
            # No Architectures in the request: sending it could turn the function to another one.
            retrying(self._client.update_function_code, FunctionName=name, ImageUri=image)


def _is_conflict(error: BaseException) -> bool:
    return isinstance(error, ClientError) and error_code(error) == "ResourceConflictException"
