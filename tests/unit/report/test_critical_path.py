"""The critical path: every second of the run is on it once, and of the build only what decided."""

from dataclasses import replace
from itertools import pairwise

import pytest

from erp_build.model.images.image import BuildTimings
from erp_build.report.critical_path import critical_path
from erp_build.report.document import report_document
from erp_build.report.html.page import html_page
from erp_build.report.text.build import build_table
from tests.support.reports import STAGES, full
from tests.support.samples import NOTIFICATION, REQUEST


def test_the_path_has_every_stage_and_of_the_build_the_image_that_was_ready_last() -> None:
    report = full()
    path = critical_path(report)
    build = [segment for segment in path if segment.name == "build images"]
    assert [(segment.part, segment.seconds) for segment in build] == [
        ("Maven", 12.0),
        (f"{NOTIFICATION}: image", 3.1),
        (f"{NOTIFICATION}: push", 4.4),
        ("tags", pytest.approx(1.9)),
    ]
    assert [segment.name for segment in path if segment not in build] == [
        name for name in STAGES if name != "build images"
    ]


def test_waiting_for_a_turn_is_told_apart_from_maven_and_from_the_work() -> None:
    report = full()
    waits = BuildTimings(maven=2.0, image=3.0, push=4.0, ready=6.0, began=7.5, ended=16.5)
    report = replace(report, images=tuple(replace(image, timings=waits) for image in report.images[:1]))
    build = [segment for segment in critical_path(report) if segment.name == "build images"]
    assert [(segment.part, segment.seconds) for segment in build[:-1]] == [
        ("Maven", 6.0),
        (f"{NOTIFICATION}: waits for a turn", 1.5),
        (f"{NOTIFICATION}: image", 3.0),
        (f"{NOTIFICATION}: waits to push", 2.0),
        (f"{NOTIFICATION}: push", 4.0),
    ]
    assert build_table(report.images)[-1] == (
        f"Critical path: Maven 6.0 s, then {NOTIFICATION}: waits 3.5 s for a turn, image 3.0 s, push 4.0 s = 16.5 s"
    )


def test_the_pieces_follow_one_another_and_are_as_long_as_the_run() -> None:
    report = full()
    path = critical_path(report)
    for before, after in pairwise(path):
        assert after.began == pytest.approx(before.began + before.seconds)
    assert sum(segment.seconds for segment in path) == pytest.approx(report.seconds)


def test_a_build_without_new_images_is_a_stage_like_others() -> None:
    report = full()
    report = replace(report, images=())
    assert [segment.part for segment in critical_path(report) if segment.name == "build images"] == [""]


def test_every_form_names_the_same_image_where_two_end_in_the_same_millisecond() -> None:
    whole = full()
    ends = {NOTIFICATION: 19.5001, REQUEST: 19.4999}
    images = tuple(
        replace(image, timings=replace(image.timings, ended=ends[image.target]) if image.timings else None)
        for image in whole.images
    )
    report = replace(whole, images=images)
    parts = {segment.part.partition(":")[0] for segment in critical_path(report) if ":" in segment.part}
    assert parts == {REQUEST}
    assert f"then {REQUEST}: " in build_table(report.images)[-1]
    page = html_page(report_document(report))
    assert [text.rpartition("<span>")[2] for text in page.split('<span class="dim"> · last to end')[:-1]] == [REQUEST]
