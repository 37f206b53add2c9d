"""Where a run deploys to."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a run deploys to.

    Attributes:
        project: name of the project, as people know it.
        environment: name of the environment, such as dev.
        account: of AWS, twelve digits.
        region: of AWS.
        cluster: name of the EKS cluster.
    """

    project: str
    environment: str
    account: str
    region: str
    cluster: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """The values of the six parameters; `account` and `region` are checked against the caller's own."""

    account: str
    region: str
    cluster: str
    repository_prefix: str
    project_name: str
    name: str

    def repository(self, image: str) -> str:
        """The full repository of an image, without host."""
        return f"{self.repository_prefix}/{image}"

    @property
    def place(self) -> Place:
        """What a report says of it."""
        return Place(
            project=self.project_name,
            environment=self.name,
            account=self.account,
            region=self.region,
            cluster=self.cluster,
        )
