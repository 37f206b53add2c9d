"""Reads AWS's AccessDenied messages, so that an error names the statement to add, and to which policy."""

import json
import re
from typing import NamedTuple

from erp_build.model.permission import RUN

# "User: ARN is not authorized to perform: ACTION on resource: ARN because no identity-based policy allows ...", in
# every protocol and in the registry's answer alike; some services leave out what is behind the action.
SENTENCE = re.compile(
    r"(?:User: (?P<caller>arn:\S+)|User) is not authorized to perform: (?P<action>[\w-]+:\w+)"
    r"(?: on resource: (?P<resource>\S+))?(?P<rest>[^\"]*)"
)
ASSUMED = re.compile(r"arn:[^:]+:sts::\d+:assumed-role/([^/]+)/")
EXPLICIT_DENY = "explicit deny"

DENIAL_CODES = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation")
"""Error codes of a refusal by a policy: of XML services, of JSON services, of SNS, and of EC2."""


class Denial(NamedTuple):
    """A refusal: action, resource, caller, and whether a policy denies it explicitly."""

    action: str
    resource: str = "*"
    caller: str = ""
    explicit: bool = False

    @property
    def role(self) -> str:
        """The name of the role; of another caller the ARN; empty if unknown."""
        assumed = ASSUMED.match(self.caller)
        return assumed[1] if assumed else self.caller

    @property
    def next_step(self) -> str:
        """What the reader does now: add the policy statement that would allow it, or take away what denies it."""
        whose = f"the policy of role {self.role}" if ASSUMED.match(self.caller) else f"the policy of {self.role}"
        if not self.role:
            whose = "the role's policy"
        if self.explicit:
            return f"take away the Deny of {self.action} on {self.resource} from {whose}, or from what limits it"
        reason = next((one.reason for one in RUN if one.action == self.action), "")
        statement = json.dumps({"Effect": "Allow", "Action": self.action, "Resource": self.resource})
        return f"add to {whose}: {statement}" + (f" ({reason})" if reason else "")


def is_denied(code: str) -> bool:
    """Whether the code of an error says that a policy does not allow the call."""
    return code in DENIAL_CODES


def read_denial(text: str) -> Denial | None:
    """Parse a refusal; None if the text is no refusal, or does not name the action."""
    found = SENTENCE.search(text)
    if found is None:
        return None
    return Denial(found["action"], found["resource"] or "*", found["caller"] or "", EXPLICIT_DENY in found["rest"])


def refused(text: str, action: str) -> str:
    """Return the refused action, which need not be the called `action`: ECR, for one, also calls Inspector and KMS."""
    denial = read_denial(text)
    return denial.action if denial else action


def next_step(text: str, action: str) -> str:
    """Return what to do about a refusal; `action` is the called action, in case the message names none."""
    denial = read_denial(text)
    return denial.next_step if denial else f"add {action} to the role's policy"
