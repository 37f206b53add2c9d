"""CodeArtifact: the token with which Maven reads its repositories. It lasts 12 hours, longer than any run."""

from typing import Any

from erp_build.clients.aws.session import UNREADABLE_OF_AWS, translate_aws_errors
from erp_build.clients.foreign_answer import reads_answers_of
from erp_build.clients.secrets import Secrets
from erp_build.errors import BuildFailed
from erp_build.model.build_options import CodeArtifact


@reads_answers_of("CodeArtifact", BuildFailed, UNREADABLE_OF_AWS)
class CodeArtifactTokens:
    """Asks for tokens of domains.

    Args:
        client: of CodeArtifact, in the region of the domain.
        secrets: gets each token, so that it is masked.
    """

    def __init__(self, client: Any, secrets: Secrets) -> None:
        self._client = client
        self._secrets = secrets

    def token(self, domain: CodeArtifact) -> str:
        """A token for everything in a domain that the caller may read."""
        owner = {"domainOwner": domain.owner} if domain.owner else {}
        with translate_aws_errors("codeartifact:GetAuthorizationToken", f"the domain {domain.domain}", BuildFailed):
            answer = self._client.get_authorization_token(domain=domain.domain, **owner)
        token: str = answer["authorizationToken"]
        self._secrets.add(token)
        return token
