"""Maven confirms the graph of a generated reactor: its effective models, and what it builds after changes.

`python -m tests.support.every_reactor` asks about more of them.
"""

from pathlib import Path

import pytest

from tests.support.maven_oracle import confirmed

SEED = 4
"""Of a reactor with one root."""


@pytest.mark.slow
def test_maven_builds_nothing_after_a_change_that_the_graph_does_not_name(tmp_path: Path) -> None:
    found = confirmed(SEED, tmp_path, edits=3)

    assert found.wrong == ()
    assert (found.models, found.changes) == (200, 3)
