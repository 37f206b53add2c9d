"""The last test: the sandbox goes, and the machine is as it was."""

from collections import Counter

import pytest

from sandbox.machine import inventory
from sandbox.paths import STATE
from tests.world.conftest import sandbox

pytestmark = pytest.mark.world


def test_down_leaves_no_process_mount_link_rule_name_or_folder(before: inventory.Inventory) -> None:
    during = inventory.take()
    assert during.processes != before.processes
    sandbox("down")
    after = inventory.take()
    assert after.hosts == before.hosts
    for part in ("processes", "mounts", "links", "rules", "folders"):
        now, then = Counter(getattr(after, part)), Counter(getattr(before, part))
        came, went = sorted((now - then).elements()), sorted((then - now).elements())
        assert (came, went) == ([], []), part
    assert not STATE.exists()
