"""The user's repository as erp_build sees it: targets, shared inputs, chart and gate policy."""

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["eks", "lambda", "chart"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageTarget:
    """A target that is built into an image.

    Attributes:
        name: unique name, by default the last part of `path`.
        path: its directory, relative to the repository's root, `/` between the parts.
        repository: image repository without host and prefix, for instance `notification-service`.
        dockerfile: file name below `path`.
    """

    name: str
    path: str
    repository: str
    dockerfile: str = "Dockerfile"


@dataclass(frozen=True, kw_only=True, slots=True)
class Service(ImageTarget):
    """A Deployment of the chart; `values_key` is its mapping in the values file, such as `services.notification`."""

    values_key: str
    kind: Literal["eks"] = "eks"


@dataclass(frozen=True, kw_only=True, slots=True)
class Function(ImageTarget):
    """A Lambda function that runs an image; `function` is its name in Lambda."""

    function: str
    kind: Literal["lambda"] = "lambda"


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """The Helm chart and its one release; `timeout` in seconds is for the upgrade and the rollout together."""

    path: str = "helm-chart"
    values: str = "values-dev.yaml"
    release: str = "erp-microservices"
    namespace: str = "erp-dev"
    timeout: float = 300.0
    name: str = "helm-chart"
    kind: Literal["chart"] = "chart"


Target = Service | Function | Chart


@dataclass(frozen=True, kw_only=True, slots=True)
class GatePolicy:
    """What the gate blocks: a single finding of a severity in `block`; `timeout` in seconds for all images."""

    block: tuple[str, ...] = ("CRITICAL",)
    timeout: float = 600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """All of `erp-build.toml`.

    Attributes:
        parameters: prefix in Parameter Store, such as `/erp/dev`.
        shared: path patterns; a change there builds every service and function.
        config_path: where this project was read from, relative to the root; itself a shared input. Empty: the default.
    """

    parameters: str = "/erp/dev"
    shared: tuple[str, ...] = ()
    services: tuple[Service, ...] = ()
    functions: tuple[Function, ...] = ()
    chart: Chart = field(default_factory=Chart)
    gate: GatePolicy = field(default_factory=GatePolicy)
    config_path: str = ""

    @property
    def image_targets(self) -> tuple[Service | Function, ...]:
        """Everything that is built into an image, in the order of the file."""
        return (*self.services, *self.functions)

    @property
    def targets(self) -> tuple[Target, ...]:
        """Everything that is deployed: services, functions, then the chart."""
        return (*self.image_targets, self.chart)
