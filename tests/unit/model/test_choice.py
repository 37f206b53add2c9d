"""The targets that `--only` and `--except` choose."""

import pytest

from erp_build.errors import ConfigurationError
from erp_build.model.choice import EVERYTHING, choice_of
from tests.support.samples import CHART, EMPLOYEE, ERP, NOTIFICATION, PROCESSING, REQUEST
from tests.support.samples import EVERYTHING as NAMES


def chosen(*, only: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> list[str]:
    choice = choice_of(ERP, only, without)
    return [name for name in NAMES if choice.has(name)]


def test_without_an_option_everything_is_chosen() -> None:
    assert choice_of(ERP) == EVERYTHING
    assert chosen() == list(NAMES)


def test_only_chooses_what_it_names_and_except_all_but_that() -> None:
    assert chosen(only=(EMPLOYEE, CHART)) == [EMPLOYEE, CHART]
    assert chosen(without=(EMPLOYEE, CHART)) == [REQUEST, PROCESSING, NOTIFICATION]


def test_except_takes_away_from_what_only_names() -> None:
    assert chosen(only=(REQUEST, EMPLOYEE), without=(EMPLOYEE,)) == [REQUEST]


def test_a_target_says_which_option_leaves_it_out() -> None:
    choice = choice_of(ERP, [REQUEST], [EMPLOYEE])
    assert [choice.left_out_by(name) for name in (REQUEST, EMPLOYEE, CHART)] == ["", "--except", "--only"]


@pytest.mark.parametrize("option", ["--only", "--except"])
@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("employee-servise", "did you mean `employee-service`?", id="misspelled"),
        pytest.param("helm-chrt", "did you mean `helm-chart`?", id="the chart"),
        pytest.param("zzz", "one of: approval-request-service", id="like nothing"),
    ],
)
def test_a_name_that_nobody_has_is_refused_with_the_nearest_one(option: str, name: str, hint: str) -> None:
    given = {"only": [name]} if option == "--only" else {"without": [name]}
    with pytest.raises(ConfigurationError, match=f"{option} {name}: there is no such target") as caught:
        choice_of(ERP, **given)
    assert hint in caught.value.next_step
    assert caught.value.code == 2


def test_a_choice_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="every target is left out"):
        choice_of(ERP, [EMPLOYEE], [EMPLOYEE])
