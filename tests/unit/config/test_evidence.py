"""The keys about evidence: off by default, no part of a content key, and no requirement that nobody can meet."""

import pytest

from erp_build.changes.content_key import content_key
from erp_build.config.load import parse_project
from erp_build.errors import ConfigurationError
from tests.support.samples import ERP

SERVICE = '[[service]]\npath = "backend/a-service"\n'


@pytest.mark.parametrize(
    ("text", "build", "gate"),
    [
        ("", False, "built"),
        ("[build]\nevidence = true\n", True, "built"),
        ('[build]\nevidence = true\n[gate]\nevidence = "all"\n', True, "all"),
        ('[gate]\nevidence = "built"\n', False, "built"),
    ],
)
def test_evidence_is_made_and_required_as_the_file_says(text: str, build: bool, gate: str) -> None:  # noqa: FBT001
    project = parse_project(SERVICE + text)
    assert (project.build.evidence, project.gate.evidence) == (build, gate)


def test_to_require_what_nobody_makes_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="requires what nobody makes") as caught:
        parse_project(f'{SERVICE}[gate]\nevidence = "all"\n')
    assert "write evidence = true in [build]" in caught.value.next_step


def test_a_misspelled_word_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="`evidence` cannot be `alle`") as caught:
        parse_project(f'{SERVICE}[build]\nevidence = true\n[gate]\nevidence = "alle"\n')
    assert caught.value.next_step == "did you mean `all`?"


def test_evidence_changes_no_content_key() -> None:
    target = ERP.services[0]
    assert content_key(target, (), ERP.build._replace(evidence=True)) == content_key(target, (), ERP.build)
