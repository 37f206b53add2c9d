"""erp_build: builds, scans, deploys and proves what changed in a monorepo.

The public names; they load when they are first used, so that `import erp_build` costs nothing.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from erp_build.build.quality_checks import require_checks, run_checks
    from erp_build.build.stage import build_images
    from erp_build.changes.baselines import find_baselines, find_head
    from erp_build.changes.detect import detect_changes, plan
    from erp_build.changes.live_state import read_live_state
    from erp_build.changes.make_plan import make_plan
    from erp_build.changes.reuse import find_reusable
    from erp_build.cli.app import main
    from erp_build.clients.clock import SystemClock
    from erp_build.clients.effects import Effects, Journal
    from erp_build.clients.git.repository import GitRepository
    from erp_build.clients.protocols import Clients
    from erp_build.clients.secrets import Secrets
    from erp_build.clients.site import Site, open_site, read_environment
    from erp_build.clients.terminal.progress import Lines
    from erp_build.config.load import load_project
    from erp_build.deployment.alarms import read_alarms
    from erp_build.deployment.latest import move_latest
    from erp_build.deployment.lock import take_lock
    from erp_build.deployment.preflight import check_plan
    from erp_build.deployment.stage import deploy
    from erp_build.deployment.verify import prove
    from erp_build.deployment.write_back import write_back
    from erp_build.errors import ConfigurationError, ErpBuildError, GateBlocked
    from erp_build.gate.result import GateRules, Judgement
    from erp_build.gate.stage import clear_images, judge_images, read_rules
    from erp_build.model.environment import Environment
    from erp_build.model.images.image import BuiltImage
    from erp_build.model.images.verdict import ClearedImage
    from erp_build.model.plan import LiveState, Plan, Running
    from erp_build.model.project import Project
    from erp_build.model.releases.deployment import Deployment
    from erp_build.model.stage_hooks import Pipeline
    from erp_build.pipeline import Options, run
    from erp_build.run_record import Run, RunReport
    from erp_build.wiring import open_clients

__all__ = [
    "BuiltImage",
    "ClearedImage",
    "Clients",
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
    "Run",
    "RunReport",
    "Running",
    "Secrets",
    "Site",
    "SystemClock",
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
    "open_clients",
    "open_site",
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
    "BuiltImage": "model.images.image",
    "ClearedImage": "model.images.verdict",
    "Clients": "clients.protocols",
    "ConfigurationError": "errors",
    "Deployment": "model.releases.deployment",
    "Effects": "clients.effects",
    "Environment": "model.environment",
    "ErpBuildError": "errors",
    "GateBlocked": "errors",
    "GateRules": "gate.result",
    "GitRepository": "clients.git.repository",
    "Journal": "clients.effects",
    "Judgement": "gate.result",
    "Lines": "clients.terminal.progress",
    "LiveState": "model.plan",
    "Options": "pipeline",
    "Pipeline": "model.stage_hooks",
    "Plan": "model.plan",
    "Project": "model.project",
    "Run": "run_record",
    "RunReport": "run_record",
    "Running": "model.plan",
    "Secrets": "clients.secrets",
    "Site": "clients.site",
    "SystemClock": "clients.clock",
    "build_images": "build.stage",
    "check_plan": "deployment.preflight",
    "clear_images": "gate.stage",
    "deploy": "deployment.stage",
    "detect_changes": "changes.detect",
    "find_baselines": "changes.baselines",
    "find_head": "changes.baselines",
    "find_reusable": "changes.reuse",
    "judge_images": "gate.stage",
    "load_project": "config.load",
    "main": "cli.app",
    "make_plan": "changes.make_plan",
    "move_latest": "deployment.latest",
    "open_clients": "wiring",
    "open_site": "clients.site",
    "plan": "changes.detect",
    "prove": "deployment.verify",
    "read_alarms": "deployment.alarms",
    "read_environment": "clients.site",
    "read_live_state": "changes.live_state",
    "read_rules": "gate.stage",
    "require_checks": "build.quality_checks",
    "run": "pipeline",
    "run_checks": "build.quality_checks",
    "take_lock": "deployment.lock",
    "write_back": "deployment.write_back",
}


_FORMER_NAMES = {"Tools": "Clients", "open_tools": "open_clients"}
"""Names of version 0.1 -> what they are called now."""


def __getattr__(name: str) -> object:
    from importlib import import_module

    name = _FORMER_NAMES.get(name, name)
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
