"""erp_build: builds, scans, deploys and proves what changed in a monorepo.

The public names; they load when they are first used, so that `import erp_build` costs nothing.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from erp_build.cli import main
    from erp_build.config.environment import Environment
    from erp_build.config.project import load_project
    from erp_build.domain.image import BuiltImage
    from erp_build.domain.judgement import GateRules, Judgement
    from erp_build.domain.pipeline import Pipeline
    from erp_build.domain.plan import LiveState, Plan, Running, make_plan
    from erp_build.domain.project import Project
    from erp_build.domain.report import Deployment, RunReport
    from erp_build.domain.verdict import ClearedImage
    from erp_build.errors import ConfigurationError, ErpBuildError, GateBlocked
    from erp_build.pipeline import Options, run
    from erp_build.stages.build import build_images
    from erp_build.stages.check import check_plan
    from erp_build.stages.checks import require_checks, run_checks
    from erp_build.stages.deploy import deploy
    from erp_build.stages.detect import detect_changes, find_baselines, find_head, plan
    from erp_build.stages.gate import clear_images, judge_images, read_rules
    from erp_build.stages.live import read_live_state
    from erp_build.stages.lock import take_lock
    from erp_build.stages.reuse import find_reusable
    from erp_build.stages.settings import read_environment
    from erp_build.stages.verify import move_latest, prove, read_alarms
    from erp_build.stages.write_back import write_back
    from erp_build.tools.clock import SystemClock
    from erp_build.tools.effects import Effects, Journal
    from erp_build.tools.git import GitRepository
    from erp_build.tools.progress import Lines
    from erp_build.tools.secrets import Secrets
    from erp_build.tools.toolbox import Tools
    from erp_build.wiring import open_tools

__all__ = [
    "BuiltImage",
    "ClearedImage",
    "ConfigurationError",
    "Deployment",
    "Effects",
    "Environment",
    "ErpBuildError",
    "GateBlocked",
    "GateRules",
    "GitRepository",
    "Journal",
    "Judgement",
    "Lines",
    "LiveState",
    "Options",
    "Pipeline",
    "Plan",
    "Project",
    "RunReport",
    "Running",
    "Secrets",
    "SystemClock",
    "Tools",
    "build_images",
    "check_plan",
    "clear_images",
    "deploy",
    "detect_changes",
    "find_baselines",
    "find_head",
    "find_reusable",
    "judge_images",
    "load_project",
    "main",
    "make_plan",
    "move_latest",
    "open_tools",
    "plan",
    "prove",
    "read_alarms",
    "read_environment",
    "read_live_state",
    "read_rules",
    "require_checks",
    "run",
    "run_checks",
    "take_lock",
    "write_back",
]

_HOMES = {
    "BuiltImage": "domain.image",
    "ClearedImage": "domain.verdict",
    "ConfigurationError": "errors",
    "Deployment": "domain.report",
    "Effects": "tools.effects",
    "Environment": "config.environment",
    "ErpBuildError": "errors",
    "GateBlocked": "errors",
    "GateRules": "domain.judgement",
    "GitRepository": "tools.git",
    "Journal": "tools.effects",
    "Judgement": "domain.judgement",
    "Lines": "tools.progress",
    "LiveState": "domain.plan",
    "Options": "pipeline",
    "Pipeline": "domain.pipeline",
    "Plan": "domain.plan",
    "Project": "domain.project",
    "RunReport": "domain.report",
    "Running": "domain.plan",
    "Secrets": "tools.secrets",
    "SystemClock": "tools.clock",
    "Tools": "tools.toolbox",
    "build_images": "stages.build",
    "check_plan": "stages.check",
    "clear_images": "stages.gate",
    "deploy": "stages.deploy",
    "detect_changes": "stages.detect",
    "find_baselines": "stages.detect",
    "find_head": "stages.detect",
    "find_reusable": "stages.reuse",
    "judge_images": "stages.gate",
    "load_project": "config.project",
    "main": "cli",
    "make_plan": "domain.plan",
    "move_latest": "stages.verify",
    "open_tools": "wiring",
    "plan": "stages.detect",
    "prove": "stages.verify",
    "read_alarms": "stages.verify",
    "read_environment": "stages.settings",
    "read_live_state": "stages.live",
    "read_rules": "stages.gate",
    "require_checks": "stages.checks",
    "run": "pipeline",
    "run_checks": "stages.checks",
    "take_lock": "stages.lock",
    "write_back": "stages.write_back",
}


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
