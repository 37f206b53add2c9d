"""Lambda functions that run an image. Lambda's answers hold the function's environment, which is never passed on."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from erp_build.clients.aws.session import UNREADABLE_OF_AWS, error_code, is_passing, translate_aws_errors
from erp_build.clients.foreign_answer import reads_answers_of
from erp_build.clients.secrets import Secrets
from erp_build.errors import FunctionChanged, FunctionUpdateFailed
from erp_build.formats.access_denied import is_denied, read_denial
from erp_build.formats.messages.lambda_message import Refusal, read_refusal
from erp_build.formats.transient import CONFLICT_CODE
from erp_build.model.images.image import ImageReference
from erp_build.model.releases.lambda_function import FunctionState

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

PENDING = "Pending"
"""The state of a version that Lambda still makes."""


class BeingChanged(FunctionUpdateFailed):
    """Another change of the function is in progress."""

    passes = True


@reads_answers_of("Lambda", FunctionUpdateFailed, UNREADABLE_OF_AWS)
class LambdaFunctions:
    """Reads and updates functions.

    Args:
        client: of Lambda.
        secrets: gets the secret values of the functions' environments, so that they are masked.
    """

    def __init__(self, client: "LambdaClient", secrets: Secrets | None = None) -> None:
        self._client = client
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
        # Of the last update, or where it says nothing, of the function itself.
        of = "LastUpdateStatus" if configuration.get("LastUpdateStatusReason") else "State"
        reason, code_of_reason = configuration.get(f"{of}Reason", ""), configuration.get(f"{of}ReasonCode", "")
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
            log_group=(configuration.get("LoggingConfig") or {}).get("LogGroup", ""),
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
                # Other errors (an update in progress, an old image that is gone, or that Lambda may not pull) do not
                # prevent a new image.
                is_ours = is_denied(error_code(error)) and not _refusal(error)
                if is_ours or is_passing(error):
                    raise

    def update(self, state: FunctionState, image: str) -> None:
        """Point a function at an image by digest, unless somebody changed it since it was read.

        During another update Lambda answers ResourceConflictException (HTTP 409), which passes. That update may be our
        own, if its answer was lost: then the function runs our image already. Every attempt names the revision that
        the caller has read: what comes between is for the caller to judge (`FunctionChanged`).
        """
        # No Architectures in the request: sending one can switch the function to another architecture.
        guard: Any = {"RevisionId": state.revision} if state.revision else {}
        with _translated("lambda:UpdateFunctionCode", state.name):
            try:
                self._client.update_function_code(FunctionName=state.name, ImageUri=image, **guard)
            except self._client.exceptions.PreconditionFailedException as error:
                if not self._runs(state, image):
                    raise FunctionChanged(
                        "the function was changed in the meantime",
                        where=state.name,
                        why=f"it is no longer at revision {state.revision}",
                        next_step="find out what else changes this function, then run again",
                    ) from error
            except self._client.exceptions.ResourceConflictException:
                if not self._runs(state, image):
                    raise

    def _runs(self, state: FunctionState, image: str) -> bool:
        """Read the function again: whether it runs our image. Raise if somebody else deployed another one."""
        now = self.state(state.name)
        # By digest: a tag does not say what Lambda resolved when it was updated.
        if now and ImageReference.parse(now.image).digest == ImageReference.parse(image).digest:
            return True
        if now and now.image != state.image:
            raise FunctionUpdateFailed(
                "another deployment changed the function in the meantime",
                where=state.name,
                why=f"it ran {state.image}, now {now.image}",
                next_step="find out what else deploys this function, then run again",
            )
        return False

    def publish(self, state: FunctionState, alias: str) -> str:
        """Make a version of what the function runs, move the alias to it (empty: none), and return its number.

        Can be asked again: Lambda returns the same version as long as nothing has changed since it was published.
        The alias is read first. Its revision goes with the move, so that an alias which somebody else has moved to
        a version of theirs in the meantime is left alone.
        """
        read = self._alias(state.name, alias) if alias else None
        # Lambda refuses the version if the code's checksum differs: another deployment's code is not published.
        guard: Any = {"CodeSha256": state.sha} if state.sha else {}
        with _translated("lambda:PublishVersion", state.name):
            version = self._client.publish_version(FunctionName=state.name, **guard)
        number = version["Version"]
        if version.get("State") == PENDING:
            version = (self._get(FunctionName=state.name, Qualifier=number) or {}).get("Configuration", {})
        self._require_active(f"{state.name}:{number}", version)
        if alias:
            self._move_alias(state.name, alias, number, read)
        return number

    def _require_active(self, where: str, version: Any) -> None:
        """Raise unless a version can be called; calls of one that is still made would fail."""
        found = version.get("State", "")
        if found in (PENDING, "Failed"):
            raise FunctionUpdateFailed(
                "the version is not active",
                where=where,
                why=f"its state is {found}: {version.get('StateReason', '')}".rstrip(": "),
                next_step="see the reason, then run again",
            ).passing(if_so=found == PENDING)

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
            with _translated("lambda:CreateAlias", f"{name}:{alias}"):
                self._client.create_alias(FunctionName=name, Name=alias, FunctionVersion=version)
            return
        guard: Any = {"RevisionId": read["RevisionId"]} if read.get("RevisionId") else {}
        with _translated("lambda:UpdateAlias", f"{name}:{alias}"):
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


def _refusal(error: ClientError) -> Refusal | None:
    """What a refused call is about, where it is not a right of the caller's."""
    return None if read_denial(str(error)) else read_refusal(str(error))


@contextmanager
def _translated(action: str, where: str) -> Iterator[None]:
    """Raise our error for what Lambda raises in the block; one of a function that is being changed passes."""
    with translate_aws_errors(action, where, FunctionUpdateFailed):
        try:
            yield
        except ClientError as error:
            if error_code(error) != CONFLICT_CODE:
                # Lambda says AccessDenied of what it may not do itself, too.
                if not is_passing(error) and (refusal := _refusal(error)):
                    raise FunctionUpdateFailed(
                        refusal.what, where=where, why=f"{action}: {error}", next_step=refusal.next_step
                    ) from error
                raise
            raise BeingChanged(
                "the function is being changed",
                where=where,
                why=f"{action}: {error}",
                next_step="find out what else changes this function, then run again",
            ) from error
