"""A server of SonarQube (or SonarCloud): the task that works on an analysis, and the gate's judgement of it.

Source: Web API, `api/ce/task` and `api/qualitygates/project_status`. Both need a token that may analyse the project.
"""

from functools import partial
from http import HTTPStatus
from typing import Any, NamedTuple

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from erp_build.clients.calls import CallTimedOut, within
from erp_build.clients.foreign_answer import UNREADABLE, reads_answers_of
from erp_build.errors import GateInconclusive
from erp_build.formats.sonarqube import Condition, failed_conditions
from erp_build.formats.transient import PASSING_STATUSES, retry_after

CALL_S = 30.0
"""Seconds for one answer of the server."""

CONNECT_S = 5.0
REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class Task(NamedTuple):
    """The server's work on an analysis: its status, the analysis once it is made, and why it failed."""

    status: str
    analysis: str = ""
    error: str = ""

    @property
    def is_at_work(self) -> bool:
        """Whether there is no result yet."""
        return self.status in ("PENDING", "IN_PROGRESS")


class Judgement(NamedTuple):
    """What the gate says: OK, ERROR, WARN (of old servers) or NONE, and the conditions that are not met."""

    status: str
    failed: tuple[Condition, ...] = ()


class _Bearer(AuthBase):
    """The token in a header. As `auth`, so that no `.netrc` takes its place."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


@reads_answers_of("SonarQube", GateInconclusive, (*UNREADABLE, requests.JSONDecodeError))
class SonarQube:
    """Asks a server; raises `GateInconclusive`, which passes where the same question may get another answer.

    Args:
        address: of the server, with its path.
        token: of a user or of the project; empty: without a sign-in.
    """

    def __init__(self, address: str, token: str) -> None:
        self._address = address.rstrip("/")
        # Servers before 10 know a token as the user of a basic sign-in alone.
        self._sign_ins: list[AuthBase | None] = [_Bearer(token), HTTPBasicAuth(token, "")] if token else [None]

    def task(self, identifier: str) -> Task:
        """The state of a task."""
        found = self._get("api/ce/task", id=identifier)["task"]
        return Task(found["status"], found.get("analysisId", ""), found.get("errorMessage", ""))

    def judgement(self, analysis: str) -> Judgement:
        """The gate's judgement of an analysis."""
        found = self._get("api/qualitygates/project_status", analysisId=analysis)["projectStatus"]
        return Judgement(found["status"], failed_conditions(found))

    def _get(self, path: str, **query: str) -> Any:
        where = f"{self._address}/{path}"
        try:
            answer = within(CALL_S, partial(self._ask, where, query))
        except (requests.RequestException, CallTimedOut) as error:
            raise GateInconclusive(
                "SonarQube does not answer",
                where=where,
                why=str(error),
                next_step="check SONAR_HOST_URL and the way from the build to it",
            ).passing(if_so=not isinstance(error, requests.exceptions.SSLError)) from error
        if answer.status_code in REFUSED:
            raise GateInconclusive(
                "SonarQube does not accept the token",
                where=where,
                why=f"status {answer.status_code}",
                next_step="give SONAR_TOKEN in `secrets` of the check a token that may analyse and browse the project",
            )
        if answer.status_code != HTTPStatus.OK:
            raise GateInconclusive(
                "SonarQube refused the question",
                where=where,
                why=f"status {answer.status_code}",
                next_step="look at that address: is it SonarQube's own, with its path (SONAR_HOST_URL)?",
            ).passing(retry_after(answer.headers), if_so=answer.status_code in PASSING_STATUSES)
        return answer.json()

    def _ask(self, where: str, query: dict[str, str]) -> requests.Response:
        """Ask with a sign-in that the server knows. A redirect is an answer: it might lead to anybody."""
        sign_in, *others = self._sign_ins
        answer = requests.get(where, params=query, auth=sign_in, timeout=(CONNECT_S, CALL_S), allow_redirects=False)
        if answer.status_code == HTTPStatus.UNAUTHORIZED and others:
            self._sign_ins = others
            return self._ask(where, query)
        return answer
