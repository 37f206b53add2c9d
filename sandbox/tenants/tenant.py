"""A tenant of the sandbox: the names, parameters and secrets of one ERP."""

from dataclasses import dataclass

from sandbox.endpoints import ACCOUNT, CLUSTER, REGION

IMAGES = ("approval-request-service", "approval-processing-service", "notification-service")
FUNCTION_IMAGE = "employee-service-lambda"
FUNCTION_PASSWORD = "invented-Lambda-password-7f3a"
"""A secret of the function's environment, which no output of a run may hold."""

PARAMETER_PASSWORD = "invented-Parameter-password-51c9"
"""A secret of Parameter Store beside the six parameters."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """One ERP in the sandbox: everything of it has this name in front.

    Attributes:
        name: in front.
        images: of its services, each with a repository of its own beside that of its function.
    """

    name: str
    images: tuple[str, ...] = IMAGES

    @property
    def parameters(self) -> str:
        """Prefix of the parameters."""
        return f"/{self.name}/dev"

    @property
    def repositories(self) -> tuple[str, ...]:
        """The image repositories."""
        return tuple(f"{self.name}/{image}" for image in (*self.images, FUNCTION_IMAGE))

    @property
    def function(self) -> str:
        """The employee service's function."""
        return f"{self.name}-dev-employee-service"

    @property
    def namespace(self) -> str:
        """The release's namespace."""
        return f"{self.name}-dev"

    @property
    def topic(self) -> str:
        """The topic of alarms."""
        return f"{self.name}-dev-alarms"

    @property
    def build_role(self) -> str:
        """The role of a run."""
        return f"{self.name}-dev-codebuild-role"

    @property
    def function_role(self) -> str:
        """The role of the function."""
        return f"{self.name}-dev-lambda-role"

    @property
    def password_parameter(self) -> str:
        """The secret beside the six parameters."""
        return f"{self.parameters}/database-password"

    @property
    def release(self) -> str:
        """The Helm release."""
        return "erp-microservices"


def parameter_values(tenant: Tenant) -> dict[str, str]:
    """The six parameters: full name -> value."""
    values = {
        "account-id": ACCOUNT,
        "region": REGION,
        "eks/cluster-name": CLUSTER,
        "ecr/repository-prefix": tenant.name,
        "project-name": tenant.name,
        "environment": "dev",
    }
    return {f"{tenant.parameters}/{name}": value for name, value in values.items()}
