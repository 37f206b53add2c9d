"""What AWS says when a policy does not allow something, read so that the reader learns what to add where."""

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
"""How services call a refusal by a policy: those with XML, those with JSON, SNS, and EC2."""


class Denial(NamedTuple):
    """A refusal: action and resource, who asked, and whether a policy forbids it outright."""

    action: str
    resource: str = "*"
    caller: str = ""
    explicit: bool = False

    @property
    def role(self) -> str:
        """The role's name; for another caller its ARN, and empty where nobody says who it was."""
        assumed = ASSUMED.match(self.caller)
        return assumed[1] if assumed else self.caller

    @property
    def statement(self) -> str:
        """The statement that allows it, as a policy has it."""
        return json.dumps({"Effect": "Allow", "Action": self.action, "Resource": self.resource})

    @property
    def next_step(self) -> str:
        """What the reader does now."""
        whose = f"the policy of role {self.role}" if ASSUMED.match(self.caller) else f"the policy of {self.role}"
        if not self.role:
            whose = "the role's policy"
        if self.explicit:
            return f"take away the Deny of {self.action} on {self.resource} from {whose}, or from what limits it"
        reason = next((one.reason for one in RUN if one.action == self.action), "")
        return f"add to {whose}: {self.statement}" + (f" ({reason})" if reason else "")


def is_denied(code: str) -> bool:
    """Whether the code of an error says that a policy does not allow the call."""
    return code in DENIAL_CODES


def read_denial(text: str) -> Denial | None:
    """The refusal in an answer of AWS; None where the text is none, or does not say what was refused."""
    found = SENTENCE.search(text)
    if found is None:
        return None
    return Denial(found["action"], found["resource"] or "*", found["caller"] or "", EXPLICIT_DENY in found["rest"])


def refused(text: str, action: str) -> str:
    """The action that was refused; `action` is what was asked for. ECR, for one, also asks Inspector and KMS."""
    denial = read_denial(text)
    return denial.action if denial else action


def next_step(text: str, action: str) -> str:
    """What to do about a refusal that may not say itself what was refused; `action` is what was asked for."""
    denial = read_denial(text)
    return denial.next_step if denial else f"add {action} to the role's policy"
