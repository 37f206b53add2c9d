"""The generated sample of several releases: what it says of itself is what a run reads of it, without a sandbox."""

from pathlib import Path

import pytest

from erp_build.config.load import load_project
from erp_build.formats.values.file import set_tags
from erp_build.model.releases.units import name_of, units_of
from sandbox.sample import many_repository, several_repository
from sandbox.tenants.tenant import Tenant

TENANT = Tenant("five", many_repository.names(2))


@pytest.mark.parametrize("function", [True, False])
def test_its_units_are_its_releases_and_its_function(tmp_path: Path, *, function: bool) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n", encoding="ascii")
    timeouts = {TENANT.images[1]: "15s"}
    several_repository.make(tmp_path / "repository", TENANT, timeouts, function=function, program=program)
    project = load_project(tmp_path / "repository")
    units = units_of(project)
    names = ["page-0000", "page-0001"]
    assert [name_of(unit) for unit in units] == ([several_repository.FUNCTION] if function else []) + names
    assert [chart.timeout for chart in project.charts] == [60.0, 15.0]
    for unit in units:
        if unit.has_release:
            values = (tmp_path / "repository" / unit.chart.path / unit.chart.values).read_bytes()
            assert b'tag: "abc1234"' in set_tags(values, {unit.services[0].values_key: "abc1234"}, where="values")
    assert [one.function for one in project.functions] == ([TENANT.function] if function else [])
