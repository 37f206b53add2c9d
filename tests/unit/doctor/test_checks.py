"""Each check finds the trouble that it is there for, and none where all is well."""

import pytest

from erp_build.doctor.diagnosis import has_problem
from erp_build.doctor.examine import CHECKS, examine
from erp_build.errors import ReleaseFailed
from tests.fakes.clinic import Clinic
from tests.unit.doctor.lifecycle_troubles import LIFECYCLE_TROUBLES
from tests.unit.doctor.local_troubles import LOCAL_TROUBLES, SECRET, secret_in_values
from tests.unit.doctor.remote_troubles import REMOTE_TROUBLES
from tests.unit.doctor.trouble import Trouble
from tests.unit.doctor.worker_troubles import WORKER_TROUBLES

TROUBLES = (*LOCAL_TROUBLES, *REMOTE_TROUBLES, *WORKER_TROUBLES, *LIFECYCLE_TROUBLES)


def test_what_is_well_is_ok_in_every_check_and_says_what_was_looked_at(clinic: Clinic) -> None:
    diagnoses = examine(clinic.facts())
    assert [one.name for one in diagnoses] == [check.name for check in CHECKS]
    assert [one for one in diagnoses if one.result.state != "ok" or one.result.next_step] == []
    assert [one for one in diagnoses if not one.result.looked_at or not one.result.found] == []
    assert not has_problem(diagnoses)


@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
def test_a_trouble_is_found_with_the_next_step(trouble: Trouble, clinic: Clinic) -> None:
    trouble.happen(clinic)
    result = clinic.find(trouble.check)
    assert result.state == trouble.state, result
    assert result.looked_at
    text = f"{result.looked_at}\n{result.found}\n{result.next_step}"
    assert [words for words in trouble.says if words not in text] == []
    assert result.next_step


def test_every_check_has_a_trouble() -> None:
    assert {trouble.check for trouble in TROUBLES} == {check.name for check in CHECKS}


def test_names_of_checks_are_unique_and_none_is_an_area() -> None:
    names = [check.name for check in CHECKS]
    assert len(set(names)) == len(names)
    assert not set(names) & {check.area for check in CHECKS}


def test_a_secret_that_helm_repeats_is_masked(clinic: Clinic) -> None:
    secret_in_values(clinic)
    clinic.charts.broken = ReleaseFailed("the chart does not render", why=f"cannot parse {SECRET}")
    result = clinic.find("chart")
    assert SECRET in result.found
    assert SECRET not in clinic.world.secrets.mask(result.found)


@pytest.mark.parametrize("trouble", [one for one in TROUBLES if one.check == "plain-secrets"], ids=str)
def test_the_value_of_a_secret_is_never_told(trouble: Trouble, clinic: Clinic) -> None:
    trouble.happen(clinic)
    result = clinic.find("plain-secrets")
    assert SECRET not in f"{result}"
    assert SECRET not in clinic.world.secrets.mask(f"some tool says {SECRET}")
