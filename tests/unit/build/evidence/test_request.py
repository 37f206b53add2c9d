"""What is said about an image: what was built, on what, and with which checks."""

import hashlib

import pytest

from erp_build.build.evidence.request import base_of, bases_of, evidence_request
from erp_build.clients.effects import ImageRequest
from erp_build.model.images.image import LocalImage
from erp_build.model.quality_checks.check import Check
from erp_build.model.quality_checks.check_run import Checked, CheckRun
from tests.fakes.world import FakeWorld
from tests.support.samples import EMPLOYEE, ERP, NOTIFICATION

JRE, MAVEN = ("eclipse-temurin:17-jre", f"sha256:{'a' * 64}"), ("maven:3", f"sha256:{'b' * 64}")


@pytest.mark.parametrize(
    ("known", "final", "base", "bases"),
    [
        pytest.param((), ("", ""), ("", ""), (), id="nothing is known"),
        pytest.param((MAVEN, JRE), JRE, JRE, (MAVEN, JRE), id="both say the same"),
        pytest.param((JRE, MAVEN), JRE, JRE, (MAVEN, JRE), id="what is copied from another image comes first"),
        pytest.param((MAVEN, JRE), (JRE[0], ""), JRE, (MAVEN, JRE), id="the label has no digest, the registry has"),
        pytest.param((), ("local", ""), ("local", ""), (("local", ""),), id="made on this machine"),
        pytest.param((MAVEN, JRE), ("", ""), ("", ""), (MAVEN, JRE), id="no label: none of them is called the base"),
    ],
)
def test_the_base_is_what_the_labels_of_the_image_say(
    known: tuple[tuple[str, str], ...],
    final: tuple[str, str],
    base: tuple[str, str],
    bases: tuple[tuple[str, str], ...],
) -> None:
    assert base_of(known, final) == base
    assert bases_of(known, final) == bases


def test_it_names_the_checks_of_this_target_alone_with_the_digests_of_their_files(new_world: FakeWorld) -> None:
    target = next(one for one in ERP.services if one.name == NOTIFICATION)
    passed = CheckRun(outcome="passed", reports=(("target/a.xml", b"<a/>"),))
    checked = [
        Checked(Check("spotbugs"), NOTIFICATION, passed),
        Checked(Check("style", blocks=False), NOTIFICATION, CheckRun(outcome="failed", why="a secret of the log")),
        Checked(Check("spotbugs"), EMPLOYEE, passed),
    ]
    repository = f"erp/{target.repository}"
    image = new_world.registry.images[new_world.registry.push(repository, "1", "1" * 40)]
    made = LocalImage(identifier="x", size=1, platform="linux/amd64", builder="buildkit", base=JRE)
    request = ImageRequest(target=target, repository=repository, tag="1", commit="1" * 40, key="2" * 40, bases=(JRE,))
    said = evidence_request(new_world.site(), request, image, made, checked, 90.0)
    assert said.name == f"{new_world.registry.host()}/{repository}"
    assert said.image == image
    assert [(one.name, one.outcome, one.reports) for one in said.making.checks] == [
        ("spotbugs", "passed", (("target/a.xml", hashlib.sha256(b"<a/>").hexdigest()),)),
        ("style", "warning", ()),
    ]
    assert "secret" not in repr(said)
    assert (said.making.builder, said.making.base, said.making.bases) == ("buildkit", JRE, (JRE,))
    assert said.making.dockerfile == f"{target.path}/Dockerfile"


def test_times_are_in_utc_with_milliseconds(new_world: FakeWorld) -> None:
    target = ERP.services[0]
    repository = f"erp/{target.repository}"
    image = new_world.registry.images[new_world.registry.push(repository, "1", "1" * 40)]
    request = ImageRequest(target=target, repository=repository, tag="1", commit="1" * 40)
    made = LocalImage(identifier="x", size=1, platform="linux/amd64")
    making = evidence_request(new_world.site(), request, image, made, (), 90.5).making
    assert making.started.endswith("Z")
    assert len(making.finished) == len("2026-01-01T00:00:00.000Z")
    assert making.started < making.finished
