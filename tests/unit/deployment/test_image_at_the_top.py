"""A chart about one service: its image stands at the top of its values file, and `values_key` is `image.tag`."""

from pathlib import Path

import pytest

from erp_build.cli.verbs.rollback import roll_back
from erp_build.deployment.status import read_status
from erp_build.errors import ConfigurationError
from tests.fakes.registry import HOST
from tests.fakes.several import SeveralReleases, several, several_sources
from tests.support.git import Checkout

VALUES = f"""replicaCount: 1
image:
  repository: {HOST}/erp/service-b
  tag: ""
"""


@pytest.fixture
def world(tmp_path: Path) -> SeveralReleases:
    """Two releases, of which the second one has such a chart."""
    project = several(("a", "b"))
    services = (project.services[0], project.services[1]._replace(values_key="image.tag"))
    project = project._replace(services=services)
    sources = several_sources(project) | {"charts/b/values-dev.yaml": VALUES}
    return SeveralReleases(Checkout.create(tmp_path / "world", **sources), project)


def test_it_is_deployed_shown_and_rolled_back_as_every_other(world: SeveralReleases) -> None:
    world.run()
    first = world.digests()["service-b"]
    head = world.change("service-b")
    assert world.run().outcome == "deployed"
    assert world.running()["service-b"] == head[:7]
    status = read_status(world.unit("b"), world.live("b"))["service-b"]
    assert (status.release_tag, status.git_tag) == (head[:7], head[:7])
    assert world.run().outcome == "nothing"
    roll_back(world.unit("b"), None, 0.0)
    assert world.digests()["service-b"] == first


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("replicaCount: 1", "replicaCount: 1\nenabled: false", "service-b is switched off"),
        ("  tag", "  digest", "service-b has no image"),
        ("erp/service-b", "erp/service-x", "service-b would run an image that is not pushed"),
    ],
)
def test_a_mistake_in_it_is_named(world: SeveralReleases, old: str, new: str, what: str) -> None:
    world.run()
    world.change("service-b")
    world.commit({"charts/b/values-dev.yaml": VALUES.replace(old, new)})
    with pytest.raises(ConfigurationError, match=what):
        world.run()
