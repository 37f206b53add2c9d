"""`plan`: what a run would do, and why."""

import argparse
import json
import os

from erp_build.commands.console import Console
from erp_build.domain.plan import LiveState, Plan, make_plan
from erp_build.domain.project import Project
from erp_build.render.json import plan_document
from erp_build.render.text import plan_text
from erp_build.stages.detect import detect_changes, find_baselines, find_head, refuse_doubt
from erp_build.tools.git import GitRepository

EXAMPLES = """\
examples:
  erp-build plan                      what my branch would build, compared with its upstream
  erp-build plan --base HEAD~3        compared with a commit of my choice
  erp-build plan --live               compared with what runs now (needs AWS credentials)
  erp-build plan --json | jq .targets
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `plan`."""
    parser.add_argument("--base", metavar="REV", help="compare every target with this commit")
    parser.add_argument("--head", metavar="REV", help="the commit to plan for (default: HEAD)")
    parser.add_argument("--live", action="store_true", help="compare each target with what runs of it")
    parser.add_argument("--strict", action="store_true", help="exit 3 when a baseline is in doubt")
    parser.add_argument("--json", action="store_true", help="print the plan as JSON")


def main(options: argparse.Namespace, console: Console) -> int:
    """Print the plan."""
    project = console.project()
    live = _live_state(console, project) if options.live else None
    plan = make_offline_plan(project, GitRepository(console.root), options, live)
    console.print(json.dumps(plan_document(plan), ensure_ascii=False) if options.json else plan_text(plan))
    return 0


def make_offline_plan(
    project: Project, repository: GitRepository, options: argparse.Namespace, live: LiveState | None
) -> Plan:
    """Detect and plan with no other tool than Git."""
    head = find_head(repository, os.environ, options.head)
    baselines = find_baselines(repository, project, head, live=live, variables=os.environ, base=options.base)
    if options.strict:
        refuse_doubt(baselines)
    return make_plan(project, detect_changes(repository, project, baselines, head), live or LiveState())


def _live_state(console: Console, project: Project) -> LiveState:
    # Only here, so that an offline plan loads none of the SDKs.
    from erp_build.stages.live import read_live_state
    from erp_build.stages.settings import read_environment
    from erp_build.tools.effects import Journal
    from erp_build.wiring import open_tools

    with open_tools(
        console.root, clock=console.clock, progress=console.progress, secrets=console.secrets, journal=Journal()
    ) as tools:
        return read_live_state(tools, project, read_environment(tools, project))
