"""The images of an earlier deployment, as its release and the ledger name them."""

from collections.abc import Mapping

from erp_build.clients.site import Site
from erp_build.deployment.ledger import PreviousState
from erp_build.formats.values.key import tag_key
from erp_build.model.images.image import ImageReference


def tags_at(site: Site, revision: int) -> dict[str, str]:
    """Name of a service -> how a revision of the release names its image: its digest, where it has it, else its tag."""
    keys = {tag_key(service.values_key): service.name for service in site.project.services}
    tags = site.clients.helm.values_of(site.release, tuple(keys), revision)
    return {keys[key]: tag.partition("@")[2] or tag for key, tag in tags.items()}


def images_named(site: Site, state: PreviousState, tags: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Name of a target -> repository, and tag or digest, of both halves of a state; `tags` are those of its release."""
    found = {one.name: (site.repository(one), tags[one.name]) for one in site.project.services if one.name in tags}
    for function in site.project.functions:
        if image := state.functions.get(function.name):
            found[function.name] = (site.repository(function), ImageReference.parse(image).digest)
    return found
