"""Scripting of the fault proxy, for tests and the demo."""

import json
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.endpoints import ACCOUNT, AWS_ENDPOINT, REGISTRY_HOST, SIGN_IN_ADDRESS


class Faults:
    """What AWS does wrong next, in the lane of this process."""

    def script(self, match: str, steps: Sequence[Mapping[str, Any]], *, then: str = "pass", target: str = "") -> None:
        """Let calls go wrong.

        Args:
            match: pattern of the operation, such as `UpdateFunctionCode`.
            steps: one per call; see `sandbox.aws.fault_proxy.server`.
            then: `pass`, or `sticky` to repeat the last step for ever.
            target: pattern that path and body must also have, such as a function's or repository's name.
        """
        self._send("POST", "/_faults", {"match": match, "steps": list(steps), "then": then, "target": target})

    def scans(self, repository: str, answers: Sequence[Mapping[str, Any]], digest: str | None = None) -> None:
        """Answer the next polls of a repository's scans with these; the last one repeats."""
        self._send("POST", "/_scans", {"repository": repository, "digest": digest, "answers": list(answers)})

    def clear_scans(self, repository: str) -> None:
        """Let the scanner answer for a repository by itself again."""
        self._send("DELETE", f"/_scans?repository={repository}")

    def targets(self, group: str, states: Mapping[str, str]) -> None:
        """Let a target group, by its ARN, have these targets: address and port -> state."""
        self._send("POST", "/_targets", {"group": group, "targets": dict(states)})

    def clear(self) -> None:
        """Let everything go right again, and forget the log."""
        self._send("DELETE", "/_faults")

    def log(self) -> list[dict[str, Any]]:
        """The calls since the last clear: operation, path, step, time."""
        return list(json.loads(self._send("GET", "/_faults/log")))

    def decisions(self, role: str) -> list[dict[str, Any]]:
        """What was decided for a role since the sandbox is up: action, resource, allowed."""
        return list(json.loads(self._send("GET", f"/_iam/log?role=arn:aws:iam::{ACCOUNT}:role/{role}")))

    def expire_sign_ins(self, repository: str, *, expired: bool) -> None:
        """Let the registry refuse every sign-in below a prefix of repositories as expired, or take them again."""
        path = f"/_expired/{'on' if expired else 'off'}?repository={repository}"
        self._send("POST", path, address=f"http://{REGISTRY_HOST}")

    def drop_manifest(self, repository: str, when: str) -> None:
        """Break the connection of the next manifest below a prefix `before` or `after` the registry stores it."""
        self._send("POST", f"/_drop/{when}?repository={repository}", address=f"http://{REGISTRY_HOST}")

    def expire_tokens(self) -> None:
        """Let the cluster take no token any more that was signed in this lane until now.

        The API server remembers a token that was good for ten seconds (a constant of its source); within these it still
        lets the token in without asking.
        """
        self._send("POST", f"/_expire?host={AWS_ENDPOINT.rpartition('/')[2]}", address=SIGN_IN_ADDRESS)

    def registry_log(self, prefix: str) -> list[tuple[str, str]]:
        """Method and path of the newest requests below a prefix of repositories, those of the engine too."""
        found = json.loads(self._send("GET", "/_log", address=f"http://{REGISTRY_HOST}"))
        return [(method, path) for method, path in found if path.startswith(f"/v2/{prefix}")]

    @staticmethod
    def _send(method: str, path: str, body: object = None, address: str = AWS_ENDPOINT) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            address + path, data=data, method=method, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return bytes(answer.read())
