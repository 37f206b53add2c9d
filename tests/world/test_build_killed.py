"""A build that is ended, whenever and however: nothing is left in the way, and the next run makes one image."""

import time

import pytest

from sandbox.docker import engine
from sandbox.lanes import in_lane
from sandbox.tenants import provisioning
from tests.support.built import AT
from tests.world.building import SERVICE, Workplace, marked, tiny

pytestmark = pytest.mark.world


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    return tiny(tmp_path_factory.mktemp("killed"), provisioning.create(in_lane("ended")))


@pytest.fixture
def place(workplace: Workplace) -> Workplace:
    """The repository with content that no image has."""
    workplace.forget()
    workplace.renew()
    return workplace


def left_in_engine(place: Workplace, seconds: float = 5) -> list[str]:
    """The containers and the images without a name, after a while in which the engine puts its own away."""
    end = time.monotonic() + seconds
    while True:
        found = marked(engine.address(), place.mark)
        left = [*found["containers"], *found["nameless"]]
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.2)


@pytest.mark.parametrize("sign", ["SIGTERM", "SIGKILL"])
@pytest.mark.parametrize("when", ["maven", "build", "push"])
def test_the_run_after_one_that_was_ended_makes_one_image(place: Workplace, when: str, sign: str) -> None:
    place.pause(30 if when == "build" else 0)
    ended = place.build(SERVICE, when=when, sign=sign)
    assert AT in ended.stderr, ended.stderr
    seconds = time.monotonic() - float(ended.stderr.partition(AT)[2].split()[0])
    assert ended.code == {"SIGTERM": 143, "SIGKILL": -9}[sign], ended.stderr
    assert place.in_registry() == {}
    if sign == "SIGTERM":
        assert seconds < 5
        assert ended.report["exit_code"] == 143
        assert [path.name for path in place.temporary.iterdir()] == []
        assert left_in_engine(place) == []
    place.pause(0)
    done = place.build(SERVICE)
    assert done.code == 0, done.stderr
    digest = done.report["targets"][0]["built"]
    assert set(place.in_registry().values()) == {digest}
    assert left_in_engine(place) == []
    assert len(marked(engine.address(), place.mark)["named"]) == 1
