"""The text and the document of `replay --coverage`."""

from collections import Counter

from erp_build.changes.copied_sources import Inspection
from erp_build.changes.replay import Coverage
from erp_build.changes.rules import Rules
from erp_build.report.text.coverage import coverage_document, coverage_text
from tests.support.samples import ERP


def test_what_happens_most_often_comes_first_in_text_and_document() -> None:
    coverage = Coverage(ERP, Rules(ERP), pairs=9)
    coverage.builds.update({"helm-chart": 1})
    coverage.together = Counter({("a", "b"): 1, ("a", "c"): 8})
    coverage.unowned = Counter({"README.md": 2, "Makefile": 7})

    lines = coverage_text(coverage, Inspection()).splitlines()
    document = coverage_document(coverage, Inspection())

    assert lines.index("      8  a + c") < lines.index("      1  a + b")
    assert lines.index("      7  Makefile") < lines.index("      2  README.md")
    assert [row["times"] for row in document["together"]] == [8, 1]
    assert list(document["unowned"]) == ["Makefile", "README.md"]
