"""How long a run may take: each unit waits for scans, a bake and traces of its own."""

from erp_build.doctor.max_run_time import longest_run
from erp_build.model.project import DeployPolicy
from tests.support.samples import ERP


def test_functions_apart_wait_for_their_scans_one_after_the_other() -> None:
    together = longest_run(ERP)
    apart = longest_run(ERP._replace(deploy=DeployPolicy(units="apart")))
    assert together["scans"] == ERP.gate.timeout
    assert apart == {**together, "scans": (1 + len(ERP.functions)) * ERP.gate.timeout}


def test_each_unit_waits_for_its_traces() -> None:
    assert "traces" not in longest_run(ERP)
    assert longest_run(ERP._replace(deploy=DeployPolicy(traces=120.0)))["traces"] == 120.0
    apart = longest_run(ERP._replace(deploy=DeployPolicy(traces=120.0, units="apart")))
    assert apart["traces"] == (1 + len(ERP.functions)) * 120.0


def test_each_unit_is_baked_and_a_target_may_take_the_time_of_a_rollout_besides() -> None:
    assert "bake" not in longest_run(ERP)
    one = 600.0 + ERP.chart.timeout
    assert longest_run(ERP._replace(deploy=DeployPolicy(bake=600.0)))["bake"] == one
    apart = longest_run(ERP._replace(deploy=DeployPolicy(bake=600.0, units="apart")))
    assert apart["bake"] == (1 + len(ERP.functions)) * one
