"""How much a machine is given to do at once."""

import os
from pathlib import Path

import pytest

from erp_build.clients.machine import inventory as machine

GB = 1_000_000_000


@pytest.mark.parametrize(
    ("cores", "memory", "images", "pushes"),
    [
        (1, 24 * GB, 2, 1),
        (2, 24 * GB, 3, 2),
        (64, 24 * GB, 3, 2),
        (2, 3 * GB, 2, 2),
        (2, 2 * GB, 1, 2),  # what is free on the smallest host of CodeBuild
        (2, GB // 2, 1, 2),
        (None, None, 2, 1),
    ],
)
def test_an_image_more_than_may_be_pushed_is_worked_on_where_memory_lasts(
    cores: int | None, memory: int | None, images: int, pushes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    monkeypatch.setattr(machine, "available_memory", lambda: memory)
    assert machine.images_at_once() == images
    assert machine.pushes_at_once() == pushes


def test_the_limit_of_a_container_counts_where_it_is_less_than_what_the_machine_has(tmp_path: Path) -> None:
    meminfo, limit, absent = tmp_path / "meminfo", tmp_path / "memory.max", tmp_path / "absent"
    meminfo.write_text("MemTotal: 9000000 kB\nMemAvailable: 4000000 kB\n", encoding="ascii")
    limit.write_text("max\n", encoding="ascii")
    assert machine.available_memory([limit, absent], meminfo) == 4_096_000_000
    limit.write_text("3000000000\n", encoding="ascii")
    assert machine.available_memory([limit, absent], meminfo) == 3_000_000_000
    assert machine.available_memory([limit], absent) is None
