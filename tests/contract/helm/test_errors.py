"""What helm's messages become; each message is a file in tests/recorded/helm, named after its version.

Those of templates, sign-in, pending revisions, refusals and networks were recorded with Helm 3.19.5 and 4.0.5 against
an API on loopback; those of objects that a cluster would refuse are written after Kubernetes' and Helm's sources.
"""

from pathlib import Path
from typing import Any

import pytest

from erp_build.clients.helm.program import HELM_EXIT_MARGIN_S
from erp_build.errors import ReleaseFailed
from tests.contract.helm.conftest import RELEASE, StubHelm
from tests.support.cases import transient

RECORDED = Path(__file__).parents[2] / "recorded" / "helm"
CHART, VALUES = Path("/src/helm-chart"), Path("/src/values.yaml")
HINTS = {
    "conflict": "somebody else owns this field",
    "forbidden": "give the role the right: erp-build doctor --only rights --write access.yaml",
    "immutable": "delete the object first",
    "nil-pointer": "a value that the template needs is missing",
    "no-namespace": "create what is missing",
    "ownership": 'erp-microservices owns Namespace "amazon-cloudwatch" in namespace ""',
    "parse-error": "fix the template",
    "pending": "helm rollback ends it",
    "sign-in": "the sign-in to the cluster failed",
    "statefulset": "delete the object first",
    "timed-out": "raise `timeout` in [chart]",
    "unauthorized": "add an access entry",
    "unreachable": "check the network",
    "warnings-alone": "see Helm's message",
}
OTHERS = {"v4-ownership": "these objects were not made by Helm"}
FILES = sorted(RECORDED.glob("v*.txt"))
assert {file.stem[3:] for file in FILES} == set(HINTS)


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_a_message_of_helm_becomes_an_error_that_says_what_to_do(file: Path, helm: StubHelm) -> None:
    text = file.read_text(encoding="utf-8")
    helm.answer(1, err=text)
    with pytest.raises(ReleaseFailed) as caught:
        helm.tool.upgrade(RELEASE, CHART, VALUES, "x", 60)
    error = caught.value
    assert (error.what, error.where) == ("Helm did not upgrade the release", "erp in erp-ns")
    assert OTHERS.get(file.stem, HINTS[file.stem[3:]]) in error.next_step
    told = [line for line in text.splitlines() if not line.startswith(("W1120", "I1120"))]
    assert error.why == "\n".join(told).strip()


def test_the_noise_of_the_kubernetes_client_is_no_cause(helm: StubHelm) -> None:
    helm.answer(1, out="what is left", err=(RECORDED / "v3-warnings-alone.txt").read_text(encoding="utf-8"))
    with pytest.raises(ReleaseFailed) as caught:
        helm.tool.upgrade(RELEASE, CHART, VALUES, "x", 60)
    assert caught.value.why == "what is left"


def test_a_warning_of_a_call_that_went_well_is_no_error(helm: StubHelm) -> None:
    helm.answer(0, err="WARNING: Kubernetes configuration file is group-readable\n")
    helm.tool.upgrade(RELEASE, CHART, VALUES, "x", 60)


def test_a_history_that_cannot_be_read_is_not_an_empty_one(helm: StubHelm) -> None:
    helm.answer(1, err=(RECORDED / "v3-unauthorized.txt").read_text(encoding="utf-8"))
    with pytest.raises(ReleaseFailed, match="history of the release cannot be read"):
        helm.tool.history(RELEASE)


def test_a_chart_that_does_not_render_is_named(helm: StubHelm) -> None:
    helm.answer(1, err=(RECORDED / "v4-nil-pointer.txt").read_text(encoding="utf-8"))
    with pytest.raises(ReleaseFailed, match="does not render") as caught:
        helm.tool.render(RELEASE, CHART, b"")
    assert caught.value.where == str(CHART)
    assert ".Values.notificationService.image.tag" in caught.value.why


def test_no_helm_in_path_says_which_one_to_install(helm: StubHelm) -> None:
    helm.remove()
    with pytest.raises(ReleaseFailed, match="there is no Helm") as caught:
        helm.tool.history(RELEASE)
    assert "3.14 or newer, or Helm 4" in caught.value.next_step


def test_a_helm_that_does_not_end_is_ended(helm: StubHelm) -> None:
    assert helm.tool.version
    helm.replace("#!/bin/sh\nexec /bin/sleep 60\n")
    with pytest.raises(ReleaseFailed, match="took too long: upgrade of erp") as caught:
        helm.tool.upgrade(RELEASE, CHART, VALUES, "x", 0.1 - HELM_EXIT_MARGIN_S)
    assert caught.value.next_step == "run again"
    assert not caught.value.passes, "a change that was ended in the middle is not begun once more"


@pytest.mark.parametrize("case", transient("text"))
def test_a_call_that_did_not_reach_the_cluster_passes_and_no_other(case: dict[str, Any], helm: StubHelm) -> None:
    helm.answer(1, err=case["text"])
    with pytest.raises(ReleaseFailed) as changing:
        helm.tool.upgrade(RELEASE, CHART, VALUES, "x", 60)
    assert changing.value.passes == case["passes"]
    if "release: not found" not in case["text"]:
        with pytest.raises(ReleaseFailed) as reading:
            helm.tool.history(RELEASE)
        assert reading.value.passes == case["passes"]
