"""What made the images, and why an engine did, in every form that a person reads."""

from dataclasses import replace

from erp_build.report.document import report_document
from erp_build.report.html.page import html_page
from erp_build.report.text.build import build_table
from tests.support.reports import full
from tests.support.samples import EMPLOYEE, NOTIFICATION, REQUEST

REASON = "line 4: RUN: it needs a container to run in"


def test_the_document_says_of_each_image_what_made_it_and_why_no_other() -> None:
    makings = {one["name"]: one["making"] for one in report_document(full())["targets"]}
    shown = {name: (one["builder"], one["because"]) for name, one in makings.items() if one}
    assert shown == {
        NOTIFICATION: ("classic", f"{REASON}\nline 7: ADD: 주소에서 가져온다"),
        REQUEST: ("direct", ""),
    }


def test_a_line_says_which_images_needed_an_engine_and_the_first_reason() -> None:
    line = f"By an engine: {NOTIFICATION}: {REASON}, and 1 more"
    assert line in build_table(full().images)
    assert line in html_page(report_document(full()))


def test_one_reason_of_several_images_is_one_line() -> None:
    whole = full()
    timings = next(image.timings for image in whole.images if image.timings)
    images = tuple(
        replace(image, timings=replace(timings, because=REASON)) if image.target != EMPLOYEE else image
        for image in whole.images
    )
    lines = [line for line in build_table(images) if line.startswith("By an engine")]
    assert lines == [f"By an engine: {NOTIFICATION}, {REQUEST}: {REASON}"]
    page = html_page(report_document(replace(whole, images=images)))
    assert page.count("By an engine") == 1
    assert f"{REASON}</p>" in page


def test_without_an_engine_there_is_no_such_line() -> None:
    whole = full()
    images = tuple(
        replace(image, timings=replace(image.timings, because="") if image.timings else None) for image in whole.images
    )
    assert not any("engine" in line for line in build_table(images))
    assert "By an engine" not in html_page(report_document(replace(whole, images=images)))
