"""`replay`: what a range of commits would have built, and how well the rules cover it."""

from pathlib import Path

from erp_build.changes.build_context.at_commit import rules_at
from erp_build.changes.copied_sources import Inspection, Tree, inspect, poms_of_target
from erp_build.changes.modules.of_commits import poms_of
from erp_build.changes.modules.uses import ModuleUses
from erp_build.changes.replay import BadLine, Coverage, Pair, read_pairs, refuse_bad_lines, replay
from erp_build.changes.rules import Rules
from erp_build.cli.console import Console
from erp_build.cli.options import CommonOptions, file_option, flag, option
from erp_build.clients.git.objects import texts
from erp_build.clients.git.repository import GitRepository
from erp_build.errors import ConfigurationError
from erp_build.model.packaging import dockerfile_of
from erp_build.report.text.coverage import coverage_document, coverage_text

EXAMPLES = """\
examples:
  erp-build replay --range v1.3..main             a JSON line for each commit along first parents
  erp-build replay --pairs pairs.txt              a line for each line `BASE HEAD` of a file
  erp-build replay --range HEAD~200..HEAD --coverage
"""


class Options(CommonOptions):
    """The options of `replay`."""

    range: str = option(
        "--range", choice="exactly one", metavar="A..B", help="every commit of the range, with its first parent"
    )
    pairs: Path | None = file_option("--pairs", "lines of BASE HEAD", choice="exactly one")
    keep_going: bool = flag("--keep-going", "skip invalid lines of the pair file, then exit 2")
    coverage: bool = flag("--coverage", "summarise how well the rules cover the history")
    json: bool = flag("--json", "with --coverage: as JSON")


def main(options: Options, console: Console) -> None:
    """Print a line for each pair, or the coverage of the rules."""
    repository, project = GitRepository(console.root), console.project()
    pairs, bad = _pairs(repository, options)
    if not options.keep_going:
        refuse_bad_lines(bad, str(options.pairs))
    rules = rules_at(repository, project, "HEAD")
    coverage = Coverage(project, rules)
    for item in replay(repository, project, rules, pairs):
        if options.coverage:
            coverage.add(item.paths, item.changed)
        else:
            console.print_json({"base": item.base, "head": item.head, "changed": item.changed})
            if console.output.is_over:
                break
    if options.coverage:
        seen = _inspection(repository, console, rules)
        console.show(coverage_document(coverage, seen), coverage_text(coverage, seen), as_json=options.json)
    refuse_bad_lines(bad, str(options.pairs))


def _pairs(repository: GitRepository, options: Options) -> tuple[list[Pair], list[BadLine]]:
    if options.pairs is None:
        return repository.first_parent_pairs(options.range), []
    try:
        text = options.pairs.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise ConfigurationError(
            "the pair file cannot be read", where=str(options.pairs), why=str(error), next_step="check the path"
        ) from error
    return read_pairs(repository, text)


def _inspection(repository: GitRepository, console: Console, rules: Rules) -> Inspection:
    """The sources of HEAD that images copy although no rule names them, and what was looked at."""
    targets = console.project().image_targets
    head = repository.resolve("HEAD")
    modules = rules.modules = ModuleUses([poms_of(repository).at(head)] if head else (), targets)
    files = {file.path: file for file in repository.source_files("HEAD")}
    named = set(map(dockerfile_of, targets))
    named |= {path for target in targets for path in poms_of_target(target, modules)}
    links = {path for path, file in files.items() if file.mode == "120000"}
    wanted = {path: files[path].identifier for path in sorted(named | links) if path in files}
    tree = Tree({path: file.mode for path, file in files.items()}, texts(repository, wanted))
    return inspect(targets, rules, tree, modules, console.project().packagings)
