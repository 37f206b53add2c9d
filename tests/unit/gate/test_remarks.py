"""What is said while images are judged at once: passed on as it comes, kept in the order of the images."""

import itertools

import pytest

from erp_build.gate.remarks import Remarks

SAID = [("old scan", "b"), ("no comparison", "a"), ("how it scans is not known", ""), ("a doubt", ""), ("waits", "b")]
KEPT = ("a doubt", "how it scans is not known", "a: no comparison", "b: old scan", "b: waits")


@pytest.mark.parametrize("order", [one for one in itertools.permutations(range(5)) if one.index(0) < one.index(4)])
def test_the_order_is_that_of_the_images_whichever_is_judged_first(order: tuple[int, ...]) -> None:
    told: list[tuple[str, str]] = []
    remarks = Remarks(lambda *line: told.append(line), ["a", "b"])
    for place in order:
        remarks.say(*SAID[place])
    assert told == [SAID[place] for place in order]
    assert remarks.lines == KEPT


def test_a_line_that_several_images_bring_up_is_kept_once() -> None:
    remarks = Remarks(lambda *_: None, ["a", "b"])
    for _ in range(3):
        remarks.say("how it scans is not known")
    assert remarks.lines == ("how it scans is not known",)
