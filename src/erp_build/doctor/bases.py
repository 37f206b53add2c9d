"""The check of the base images: whether a build can read each of them with the sign-ins that it will have."""

from collections.abc import Iterator

from erp_build.config.read_file import path_below, read_file
from erp_build.doctor.diagnosis import CheckResult, Look
from erp_build.doctor.facts import Facts
from erp_build.errors import ErpBuildError, OfNoRegistry
from erp_build.formats.dockerfile.one_stage import as_built
from erp_build.formats.dockerfile.stages import images_of
from erp_build.formats.image_name import ecr_host, host_of, mirrored
from erp_build.model.packaging import dockerfile_of
from erp_build.model.project import Function, Service


def check_base_images(facts: Facts) -> CheckResult:
    """Ask for the digest of each base image as a run would: by the same way, with the same sign-in."""
    _ = facts.environment()  # a sign-in may be a parameter below the same prefix
    users = {image: target for target, image in reversed([*_bases(facts)])}
    images = tuple(dict.fromkeys(base_images_of(facts)))
    assembly = facts.remote.clients.assembly
    look = Look(f"the registries of {', '.join(images) or 'no base image'}")
    if not images:
        return look.unknown("no Dockerfile names a base image that is known", "nothing, or correct `dockerfile`")
    refused: dict[str, ErpBuildError] = {}
    for image in images:
        try:
            assembly.base_digest(users[image], image)
        except ErpBuildError as error:
            refused[image] = error
    made_here = [name for name, error in refused.items() if isinstance(error, OfNoRegistry)]
    if wrong := {name: error for name, error in refused.items() if name not in made_here}:
        found = "\n".join(f"{name}: {error.why or error.what}" for name, error in wrong.items())
        return look.problem(found, "\n".join(dict.fromkeys(error.next_step for error in wrong.values())))
    note = f"; of this engine alone: {', '.join(made_here)}" if made_here else ""
    return look.ok(f"{len(images) - len(made_here)} can be read{note}")


def base_images_of(facts: Facts) -> Iterator[str]:
    """The base images of all targets, as their Dockerfiles name them; what only a variable names is left out."""
    yield from (image for _, image in _bases(facts))


def _bases(facts: Facts) -> Iterator[tuple[Service | Function, str]]:
    for target in facts.project.image_targets:
        path = path_below(facts.root, dockerfile_of(target))
        if path.is_file():
            text = read_file(path).decode("utf-8-sig", "replace")
            names = images_of(as_built(text, target.docker_target, dict(target.args)))
            yield from ((target, name) for name in names if "$" not in name)


def foreign_repositories(facts: Facts, partition: str) -> tuple[str, ...]:
    """The ARNs of the repositories of ECR that hold base images and are none of the project's own."""
    mirrors, own = dict(facts.project.build.mirrors), set(facts.repositories())
    found: dict[str, None] = {}
    for image in base_images_of(facts):
        name = mirrored(image, mirrors)
        place = ecr_host(host_of(name))
        repository = name.partition("@")[0].partition("/")[2].partition(":")[0]
        if place and repository not in own:
            found[f"arn:{partition}:ecr:{place.region}:{place.account}:repository/{repository}"] = None
    return tuple(found)
