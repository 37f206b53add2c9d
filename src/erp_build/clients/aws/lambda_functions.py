"""Lambda functions that run an image. Lambda's answers hold the function's environment, which is never passed on."""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from tenacity import Retrying, retry_if_exception_type, wait_exponential_jitter

from erp_build.clients.aws.session import error_code, translate_aws_errors
from erp_build.clients.clock import Clock, Deadline
from erp_build.clients.secrets import Secrets
from erp_build.errors import FunctionChanged, FunctionUpdateFailed
from erp_build.formats.access_denied import is_denied
from erp_build.model.images.image import ImageReference
from erp_build.model.releases.lambda_function import FunctionState

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

MAX_CONFLICT_WAIT_S = 300.0
"""Seconds that our update waits for another update to end."""


class LambdaFunctions:
    """Reads and updates functions.

    Args:
        client: of Lambda.
        clock: for the waits.
        say: called with a line for every wait.
        secrets: gets the secret values of the functions' environments, so that they are masked.
    """

    def __init__(
        self, client: "LambdaClient", clock: Clock, say: Callable[[str], None], secrets: Secrets | None = None
    ) -> None:
        self._client = client
        self._clock = clock
        self._say = say
        self._secrets = secrets or Secrets()

    def state(self, name: str) -> FunctionState | None:
        """The function, or None where there is none with this name."""
        answer = self._get(FunctionName=name)
        if answer is None:
            return None
        configuration, code = answer["Configuration"], answer.get("Code", {})
        # Masked before any part of this answer can be printed.
        for variable, value in configuration.get("Environment", {}).get("Variables", {}).items():
            self._secrets.add_named(variable, value)
        reason = configuration.get("LastUpdateStatusReason", "") or configuration.get("StateReason", "")
        code_of_reason = configuration.get("LastUpdateStatusReasonCode", "")
        return FunctionState(
            name=name,
            package_type=configuration.get("PackageType", "Zip"),
            image=code.get("ImageUri", ""),
            resolved=code.get("ResolvedImageUri", ""),
            architecture=(configuration.get("Architectures") or ["x86_64"])[0],
            state=configuration.get("State", ""),
            last_update=configuration.get("LastUpdateStatus", ""),
            reason=f"{code_of_reason}: {reason}" if code_of_reason else reason,
            revision=configuration.get("RevisionId", ""),
            modified=configuration.get("LastModified", ""),
            sha=configuration.get("CodeSha256", ""),
        )

    def alias_digest(self, name: str, alias: str) -> str:
        """The digest that an alias leads to; empty where there is no such alias."""
        answer = self._get(FunctionName=name, Qualifier=alias)
        return ImageReference.parse(answer.get("Code", {}).get("ResolvedImageUri", "")).digest if answer else ""

    def may_update(self, state: FunctionState) -> None:
        """Request an update with `DryRun`, which changes nothing; raise only if the permission is missing."""
        with translate_aws_errors("lambda:UpdateFunctionCode", state.name, FunctionUpdateFailed):
            try:
                self._client.update_function_code(
                    FunctionName=state.name, ImageUri=state.resolved or state.image, DryRun=True
                )
            except ClientError as error:
                # Other errors (an update in progress, an old image that is gone) do not prevent a new image.
                if is_denied(error_code(error)):
                    raise

    def update(self, state: FunctionState, image: str) -> None:
        """Point a function at an image by digest, unless somebody changed it since it was read.

        During another update Lambda answers ResourceConflictException (HTTP 409), which botocore retries in no mode.
        That update may be our own, if its answer was lost: then the function runs our image already. Every attempt
        names the revision that the caller has read: what comes between is for the caller to judge (`FunctionChanged`).
        """
        deadline = Deadline(self._clock, MAX_CONFLICT_WAIT_S)
        with translate_aws_errors("lambda:UpdateFunctionCode", state.name, FunctionUpdateFailed):
            errors = self._client.exceptions
            may_pass = (errors.ResourceConflictException, errors.PreconditionFailedException)
            for attempt in Retrying(
                retry=retry_if_exception_type(may_pass),
                wait=wait_exponential_jitter(initial=1, max=15),
                stop=lambda _: deadline.is_over,
                sleep=self._clock.sleep,
                before_sleep=lambda tried: self._say(f"update in progress, attempt {tried.attempt_number + 1} follows"),
                reraise=True,
            ):
                with attempt:
                    # No Architectures in the request: sending one can switch the function to another architecture.
                    guard: Any = {"RevisionId": state.revision} if state.revision else {}
                    try:
                        self._client.update_function_code(FunctionName=state.name, ImageUri=image, **guard)
                    except may_pass as error:
                        if self._has_arrived(state, image):
                            return
                        if isinstance(error, errors.PreconditionFailedException):
                            raise FunctionChanged(
                                "the function was changed in the meantime",
                                where=state.name,
                                why=f"it is no longer at revision {state.revision}",
                                next_step="find out what else changes this function, then run again",
                            ) from error
                        raise

    def _has_arrived(self, state: FunctionState, image: str) -> bool:
        """Whether the function has our image already; raises if somebody else deployed another one."""
        now = self.state(state.name)
        if now is None:
            return False
        # By digest: a tag does not say what Lambda resolved when it was updated.
        if ImageReference.parse(now.image).digest == ImageReference.parse(image).digest:
            return True
        if now.image != state.image:
            raise FunctionUpdateFailed(
                "another deployment changed the function in the meantime",
                where=state.name,
                why=f"it ran {state.image}, now {now.image}",
                next_step="find out what else deploys this function, then run again",
            )
        return False

    def publish(self, state: FunctionState, alias: str) -> str:
        """Make a version of what the function runs, move the alias to it (empty: none), and return its number.

        The alias is read first. Its revision goes with the move, so that an alias which somebody else has moved to
        a version of theirs in the meantime is left alone.
        """
        read = self._alias(state.name, alias) if alias else None
        # Lambda refuses the version if the code's checksum differs: another deployment's code is not published.
        guard: Any = {"CodeSha256": state.sha} if state.sha else {}
        with translate_aws_errors("lambda:PublishVersion", state.name, FunctionUpdateFailed):
            version = self._client.publish_version(FunctionName=state.name, **guard)["Version"]
        if alias:
            self._move_alias(state.name, alias, version, read)
        return version

    def _alias(self, name: str, alias: str) -> Any:
        """The alias as Lambda describes it; None where there is none."""
        with (
            translate_aws_errors("lambda:GetAlias", f"{name}:{alias}", FunctionUpdateFailed),
            suppress(self._client.exceptions.ResourceNotFoundException),
        ):
            return self._client.get_alias(FunctionName=name, Name=alias)
        return None

    def _move_alias(self, name: str, alias: str, version: str, read: Any) -> None:
        if read is None:
            with translate_aws_errors("lambda:CreateAlias", f"{name}:{alias}", FunctionUpdateFailed):
                self._client.create_alias(FunctionName=name, Name=alias, FunctionVersion=version)
            return
        guard: Any = {"RevisionId": read["RevisionId"]} if read.get("RevisionId") else {}
        with translate_aws_errors("lambda:UpdateAlias", f"{name}:{alias}", FunctionUpdateFailed):
            try:
                # Without this, weights of an earlier canary would keep sending calls to an old version.
                self._client.update_alias(
                    FunctionName=name,
                    Name=alias,
                    FunctionVersion=version,
                    RoutingConfig={"AdditionalVersionWeights": {}},
                    **guard,
                )
            except self._client.exceptions.PreconditionFailedException:
                now = self._alias(name, alias)
                # Our own move has a lost answer, if the alias is where we wanted it.
                if now is None or now["FunctionVersion"] != version:
                    raise

    def _get(self, **request: str) -> Any:
        with (
            translate_aws_errors("lambda:GetFunction", request["FunctionName"], FunctionUpdateFailed),
            suppress(self._client.exceptions.ResourceNotFoundException),
        ):
            return self._client.get_function(**request)
        return None
