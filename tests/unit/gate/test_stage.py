"""The gate: it waits, starts a scan that nobody starts, shares a deadline, and never opens on doubt."""

import pytest

from erp_build.errors import GateBlocked, GateInconclusive
from erp_build.formats.transient import PASSING_CODES
from erp_build.gate.scan_watch import SCAN_START_GRACE_S
from erp_build.gate.stage import POLL_JITTER, clear_images, judge_images, read_rules
from erp_build.gate.verdict import EMPTY_SETTLED_AFTER_S, SETTLED_AFTER_S
from erp_build.model.images.image import BuiltImage
from erp_build.model.images.verdict import ClearedImage
from erp_build.model.project import GatePolicy
from tests.fakes.registry import Answer, error, pages, scan
from tests.fakes.world import FakeWorld
from tests.support.samples import EMPLOYEE, ERP, NOTIFICATION

NAMES = tuple(target.name for target in ERP.image_targets)


def about(seconds: float) -> object:
    """Some seconds of pauses, each a little longer or shorter than it says."""
    return pytest.approx(seconds, rel=POLL_JITTER)


def pushed(world: FakeWorld, *names: str) -> list[BuiltImage]:
    """Images that were just pushed."""
    images = []
    for name in names:
        repository = next(f"erp/{target.repository}" for target in ERP.image_targets if target.name == name)
        digest = world.registry.push(repository, "abc1234", "f" * 40)
        images.append(BuiltImage(target=name, repository=repository, tag="abc1234", digest=digest, commit="f" * 40))
    return images


def clear(world: FakeWorld, images: list[BuiltImage], policy: GatePolicy | None = None) -> tuple[ClearedImage, ...]:
    """Judge images and clear them."""
    clients = world.clients()
    return clear_images(judge_images(clients, read_rules(clients, policy or GatePolicy()), images))


def judge(world: FakeWorld, *answers: Answer, policy: GatePolicy | None = None) -> tuple[ClearedImage, ...]:
    """Clear one image whose scan answers so."""
    images = pushed(world, NOTIFICATION)
    world.registry.answers(images[0].repository, *answers)
    return clear(world, images, policy)


def test_a_clean_image_is_cleared_at_once_for_the_digest_that_was_scanned(new_world: FakeWorld) -> None:
    cleared = judge(new_world, scan())
    assert cleared[0].scanned == cleared[0].image.digest
    assert new_world.clock.monotonic() == 0
    assert new_world.registry.started == []


def test_a_scan_is_waited_for(new_world: FakeWorld) -> None:
    cleared = judge(new_world, scan("PENDING"), scan("IN_PROGRESS"), scan(LOW=2))
    assert cleared[0].verdict.why == "2 LOW"
    assert new_world.clock.monotonic() == about(1 + 2)


def test_pauses_grow_to_ten_seconds(new_world: FakeWorld) -> None:
    judge(new_world, *[scan("IN_PROGRESS")] * 7, scan())
    assert new_world.clock.monotonic() == about(1 + 2 + 4 + 8 + 10 + 10 + 10)


@pytest.mark.parametrize(
    ("block", "answer", "named"),
    [
        pytest.param(("CRITICAL",), scan(CRITICAL=1), "CVE-CRITICAL-0", id="a single one"),
        pytest.param(("CRITICAL", "HIGH"), scan(HIGH=7, LOW=1), "7 HIGH found", id="a severity that was added"),
        pytest.param(("CRITICAL",), scan("ACTIVE", CRITICAL=1), "CVE-CRITICAL-0", id="a continuous scan, at once"),
    ],
)
def test_findings_of_a_blocked_severity_stop(
    new_world: FakeWorld, block: tuple[str, ...], answer: Answer, named: str
) -> None:
    with pytest.raises(GateBlocked) as caught:
        judge(new_world, answer, policy=GatePolicy(block=block))
    assert named in caught.value.why
    assert new_world.clock.monotonic() == 0


def test_findings_below_the_policy_pass(new_world: FakeWorld) -> None:
    assert judge(new_world, scan(HIGH=9, MEDIUM=1))[0].verdict.counts == {"HIGH": 9, "MEDIUM": 1}


def test_a_finding_on_a_further_page_is_seen(new_world: FakeWorld) -> None:
    with pytest.raises(GateBlocked, match="1 of 1 images over the policy"):
        judge(new_world, *pages({"LOW": 1}, {"CRITICAL": 1}))


def test_a_page_that_repeats_for_ever_is_inconclusive(new_world: FakeWorld) -> None:
    with pytest.raises(GateInconclusive) as caught:
        judge(new_world, scan(token="2", LOW=1))
    assert "repeats a page" in caught.value.why


def test_a_scan_that_never_ends_is_inconclusive_after_the_deadline(new_world: FakeWorld) -> None:
    with pytest.raises(GateInconclusive) as caught:
        judge(new_world, scan("IN_PROGRESS"), policy=GatePolicy(timeout=90))
    assert "not finished in time: IN_PROGRESS" in caught.value.why
    assert new_world.clock.monotonic() == 90


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param(error("AccessDeniedException"), "ecr:DescribeImageScanFindings", id="access denied"),
        pytest.param(error("AccessDenied"), "ecr:DescribeImageScanFindings", id="access denied by another layer"),
        pytest.param(error("ImageNotFoundException"), "ImageNotFoundException", id="no such image"),
        pytest.param(error("ValidationException"), "ValidationException", id="an error that nobody expected"),
        pytest.param(scan("FAILED"), "the scan failed", id="a failed scan"),
        pytest.param(scan("UNSUPPORTED_IMAGE"), "does not know", id="an image that cannot be scanned"),
        pytest.param(scan("SOMETHING_NEW"), "not known", id="a status that nobody knows"),
    ],
)
def test_what_will_not_get_better_stops_at_once(new_world: FakeWorld, answer: Answer, why: str) -> None:
    with pytest.raises(GateInconclusive) as caught:
        judge(new_world, answer)
    assert why in caught.value.why
    assert new_world.clock.monotonic() == 0


@pytest.mark.parametrize(
    "trouble",
    [
        *(pytest.param(error(code), id=code) for code in sorted(PASSING_CODES)),
        pytest.param(error("SomethingNew", status=500), id="any error of the server"),
    ],
)
def test_trouble_that_passes_is_waited_out(new_world: FakeWorld, trouble: Answer) -> None:
    assert len(judge(new_world, trouble, trouble, scan())) == 1
    assert new_world.clock.monotonic() == about(1 + 2)


def test_only_what_is_denied_is_put_down_to_the_role(new_world: FakeWorld) -> None:
    with pytest.raises(GateInconclusive) as caught:
        judge(new_world, error("ImageNotFoundException", "no such image"))
    assert caught.value.why.endswith(": ImageNotFoundException: no such image")


def test_a_scan_that_nobody_starts_is_started_once(new_world: FakeWorld) -> None:
    images = pushed(new_world, NOTIFICATION)
    new_world.registry.scans_nothing_by_itself(images[0].repository)
    clear(new_world, images)
    assert new_world.registry.started == [images[0].repository]
    assert new_world.verbs() == ["start_scan"]
    assert new_world.clock.monotonic() >= SCAN_START_GRACE_S


def test_a_scan_that_is_started_and_never_found_is_started_no_second_time(new_world: FakeWorld) -> None:
    with pytest.raises(GateInconclusive) as caught:
        judge(new_world, error("ScanNotFoundException"))
    assert "there is no scan yet" in caught.value.why
    assert len(new_world.registry.started) == 1


def test_four_images_share_one_deadline(new_world: FakeWorld) -> None:
    images = pushed(new_world, *NAMES)
    for image in images:
        new_world.registry.answers(image.repository, scan("PENDING"))
    with pytest.raises(GateInconclusive, match="4 of 4 images"):
        clear(new_world, images, GatePolicy(timeout=600))
    assert new_world.clock.monotonic() == 600


def test_an_image_that_has_its_verdict_is_not_asked_again(new_world: FakeWorld) -> None:
    images = pushed(new_world, NOTIFICATION, EMPLOYEE)
    new_world.registry.answers(images[0].repository, scan(), error("AccessDenied"))
    new_world.registry.answers(images[1].repository, scan("PENDING"), scan("IN_PROGRESS"), scan())
    assert len(clear(new_world, images)) == 2


def test_every_image_that_stops_is_named(new_world: FakeWorld) -> None:
    images = pushed(new_world, *NAMES)
    for image in images[1:3]:
        new_world.registry.answers(image.repository, scan(CRITICAL=1))
    with pytest.raises(GateBlocked, match="2 of 4 images") as caught:
        clear(new_world, images)
    assert caught.value.where == f"{images[1].repository}, {images[2].repository}"


def test_a_certain_finding_is_told_before_a_doubt(new_world: FakeWorld) -> None:
    images = pushed(new_world, NOTIFICATION, EMPLOYEE)
    new_world.registry.answers(images[0].repository, scan("FAILED"))
    new_world.registry.answers(images[1].repository, scan("IN_PROGRESS"), scan(CRITICAL=1))
    with pytest.raises(GateBlocked, match="1 of 2 images"):
        clear(new_world, images)


def test_a_wait_is_told_once_for_each_reason(new_world: FakeWorld) -> None:
    judge(new_world, scan("PENDING"), scan("PENDING"), scan("IN_PROGRESS"), scan())
    assert new_world.progress.lines == [f"{NOTIFICATION}: {text}" for text in ("PENDING", "IN_PROGRESS", "no findings")]


def test_a_continuous_scan_passes_when_two_readings_say_the_same(new_world: FakeWorld) -> None:
    cleared = judge(new_world, scan("ACTIVE"), scan("ACTIVE", LOW=1), scan("ACTIVE", LOW=3))
    assert cleared[0].verdict.counts == {"LOW": 3}
    # 3, 7 and 15 seconds after the begin it says the same: for twelve seconds.
    assert new_world.clock.monotonic() == about(1 + 2 + 4 + 8)


def test_a_continuous_scan_that_was_interrupted_is_read_twice_again(new_world: FakeWorld) -> None:
    low = scan("ACTIVE", LOW=1)
    judge(new_world, low, low, low, low, error("ThrottlingException"), low)
    assert new_world.clock.monotonic() > 1 + 2 + 4 + 8 + SETTLED_AFTER_S


def test_a_continuous_scan_that_says_nothing_must_do_so_for_longer(new_world: FakeWorld) -> None:
    judge(new_world, scan("ACTIVE"))
    assert new_world.clock.monotonic() >= EMPTY_SETTLED_AFTER_S


def test_without_images_there_is_nothing_to_wait_for(new_world: FakeWorld) -> None:
    assert clear(new_world, []) == ()
