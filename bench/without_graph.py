"""`python -m bench.without_graph WORDS`: erp_build that reads no pom; with `--graph` before the words, as it is."""

import sys
from collections.abc import Iterable

from erp_build.changes.modules import of_commits
from erp_build.cli.app import main
from erp_build.model.change import PathChange


class NoPoms:
    """Knows nothing of modules, as erp_build did before it read poms."""

    def between(self, base: str, head: str, changes: Iterable[PathChange]) -> tuple[()]:
        """No graph."""
        del base, head, changes
        return ()


if __name__ == "__main__":
    words = sys.argv[1:]
    if words[0] != "--graph":
        # Before the verb is imported, which takes the function from its module.
        of_commits.poms_of = lambda _: NoPoms()  # type: ignore[assignment,return-value]
    sys.exit(main(words[1:] if words[0] == "--graph" else words))
