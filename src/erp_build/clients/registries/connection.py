"""Asks one registry: signed in as it wants it, and with one of our errors where there is no answer to use."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import NamedTuple

from erp_build.clients.aws.sign_in import SignIn
from erp_build.clients.clock import Clock
from erp_build.clients.foreign_answer import UNREADABLE
from erp_build.clients.registries.address import HTTPS, base_of
from erp_build.clients.registries.authorization import Authorization, SignInRefused
from erp_build.clients.registries.http import Answer, Http, NoAnswer, Request
from erp_build.errors import BuildFailed, PushFailed, TagTaken, first_hint
from erp_build.formats.access_denied import read_denial
from erp_build.formats.image_name import ecr_host
from erp_build.formats.messages import catalogue
from erp_build.formats.oci.challenge import Scope
from erp_build.formats.oci.refusal import EXPIRED, IMMUTABLE, MISSING_PARTS, refusal_of
from erp_build.formats.pull_refusal import pull_hint
from erp_build.formats.transient import PASSING_STATUSES, retry_after

SIGN_INS = 2
"""Attempts after a refusal: the first one signs in, or anew where that has ended; the second one is for a token that
the registry did not like either."""

LAYER_REFUSED = "403 response body: unexpected end"
"""As the engine says it (`formats/messages/docker.toml`)."""

RegistryFailed = BuildFailed | PushFailed


class PartsMissing(PushFailed):
    """The registry lacks something that a manifest names, although it had it or took it a moment ago."""


class Connection:
    """One registry.

    Args:
        host: of the images' names.
        sign_in: gives the sign-in, or None; it is asked whenever one is needed.
        renew: makes `sign_in` give another one, because the registry does not take the former one.
        clock: for the end of a token.
        scheme: `https`, or `http` where the registry has no TLS (`address.scheme_of`).
        failure: the class of errors: `BuildFailed` where base images are read.
    """

    def __init__(
        self,
        host: str,
        sign_in: Callable[[], SignIn | None],
        renew: Callable[[], object] | None,
        clock: Clock,
        *,
        scheme: str = HTTPS,
        failure: type[RegistryFailed] = PushFailed,
    ) -> None:
        self.host = host
        self.base = base_of(host, scheme)
        self.failure = failure
        self._http = Http()
        self._authorization = Authorization(
            self.base, sign_in, renew, clock, self._ask_for_token, begins_with_password=ecr_host(host) is not None
        )

    def ask(self, scope: Scope, request: Request, where: str, *, expected: Iterable[int] = ()) -> Answer:
        """The answer to a request, if it is a good one or has an expected status; any other one is raised.

        Args:
            scope: what the call does, for the sign-in.
            request: its address may be a path of this registry.
            where: what it is about, for an error.
            expected: statuses that the caller understands.
        """
        request = request._replace(address=self._full(request.address))
        answer = self._signed_in(scope, request, where)
        if not answer.is_good and answer.status not in expected:
            # An answer to HEAD has no body that could name the action.
            without_reason = request.method == "HEAD" and answer.status == HTTPStatus.FORBIDDEN
            raise self.refused(answer, where, hint_for=LAYER_REFUSED if without_reason else "")
        return answer

    def refused(self, answer: Answer, where: str, what: str = "", hint_for: str = "") -> RegistryFailed:
        """The error that an answer is; `hint_for`: the words of it that say what to do, if it has none."""
        said = refusal_of(answer.body)
        status = f"{answer.status} {_phrase(answer.status)}".strip()
        why = f"{status}: {said}" if str(said) else status
        if IMMUTABLE in said.message.lower():
            kind: type[RegistryFailed] = TagTaken
        else:
            kind = PartsMissing if said.code in MISSING_PARTS and self.failure is PushFailed else self.failure
        failed = kind(
            what or "the registry refuses a call", where=where, why=why, next_step=self._next_step(hint_for or why)
        )
        return failed.passing(retry_after(answer.headers), if_so=answer.status in PASSING_STATUSES)

    def unreadable(self, where: str, why: str) -> RegistryFailed:
        """The error of an answer that no registry gives."""
        return self.failure(
            "the answer of the registry cannot be read",
            where=where,
            why=why,
            next_step="look for a proxy or a sign-in page that answers instead (HTTPS_PROXY, NO_PROXY)",
        )

    def unanswered(self, error: NoAnswer, where: str) -> RegistryFailed:
        """The error where nobody has answered."""
        return self.failure(
            f"the registry {self.host} does not answer",
            where=where,
            why=str(error),
            next_step="check the connection to it: network, NAT, proxy, and its certificate",
        ).passing(if_so=error.passes)

    def _signed_in(self, scope: Scope, request: Request, where: str) -> Answer:
        try:
            header = self._authorization.header(scope)
            answer = self._sent(request, header, where)
            for _ in range(SIGN_INS):
                if not _wants_sign_in(answer):
                    break
                newer = self._authorization.anew(scope, header, answer.headers.get("WWW-Authenticate", ""))
                if newer is None:
                    break
                header = newer
                answer = self._sent(request, header, where)
        except SignInRefused as error:
            failure = self.refused(error.answer, where, f"the registry {self.host} does not take the sign-in")
        except UNREADABLE as error:
            failure = self.unreadable(where, str(error))
        else:
            return answer
        raise failure

    def _sent(self, request: Request, header: str, where: str) -> Answer:
        try:
            return self._http.ask(request, header)
        except NoAnswer as error:
            raise self.unanswered(error, where) from None

    def _ask_for_token(self, request: Request, header: str) -> Answer:
        where = f"the sign-in to {self.host}"
        answer = self._sent(request, header, where)
        if answer.status in PASSING_STATUSES:
            raise self.refused(answer, where)
        return answer

    def _full(self, address: str) -> str:
        return self.base + address if address.startswith("/") else address

    def _next_step(self, why: str) -> str:
        if issubclass(self.failure, BuildFailed):
            return pull_hint(why, f"{self.host}/x") or "check the name after FROM"
        denial = read_denial(why)
        return denial.next_step if denial else first_hint(catalogue("docker")["push"], why, "run again")


def _wants_sign_in(answer: Answer) -> bool:
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return True
    return answer.status == HTTPStatus.FORBIDDEN and EXPIRED in refusal_of(answer.body).message.lower()


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


class Place(NamedTuple):
    """A repository of a registry, with the scope in which it is asked."""

    connection: Connection
    scope: Scope

    @property
    def repository(self) -> str:
        """Its name without the host."""
        return self.scope.repository
