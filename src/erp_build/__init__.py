"""erp_build: builds, scans, deploys and proves what changed in a monorepo.

The public names; they load when they are first used, so that `import erp_build` costs nothing.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from erp_build.build.packagers.protocol import Packager as Packager
    from erp_build.build.packagers.workbench import Workbench as Workbench
    from erp_build.build.quality_checks import require_checks as require_checks
    from erp_build.build.quality_checks import run_checks as run_checks
    from erp_build.build.stage import build_images as build_images
    from erp_build.changes.baselines import find_baselines as find_baselines
    from erp_build.changes.baselines import find_head as find_head
    from erp_build.changes.detect import detect_changes as detect_changes
    from erp_build.changes.detect import plan as plan
    from erp_build.changes.live_state import read_live_state as read_live_state
    from erp_build.changes.make_plan import make_plan as make_plan
    from erp_build.changes.reuse import find_reusable as find_reusable
    from erp_build.cli.app import main as main
    from erp_build.clients.clock import SystemClock as SystemClock
    from erp_build.clients.effects import Effects as Effects
    from erp_build.clients.effects import Journal as Journal
    from erp_build.clients.git.repository import GitRepository as GitRepository
    from erp_build.clients.protocols import Clients as Clients
    from erp_build.clients.secrets import Secrets as Secrets
    from erp_build.clients.site import Site as Site
    from erp_build.clients.site import open_site as open_site
    from erp_build.clients.site import read_environment as read_environment
    from erp_build.clients.terminal.progress import Lines as Lines
    from erp_build.config.load import load_project as load_project
    from erp_build.deployment.latest import move_latest as move_latest
    from erp_build.deployment.lock import take_lock as take_lock
    from erp_build.deployment.preflight import check_plan as check_plan
    from erp_build.deployment.proof import prove as prove
    from erp_build.deployment.proof import read_alarms as read_alarms
    from erp_build.deployment.stage import deploy as deploy
    from erp_build.deployment.stage import write_back as write_back
    from erp_build.errors import BuildFailed as BuildFailed
    from erp_build.errors import ConfigurationError as ConfigurationError
    from erp_build.errors import ErpBuildError as ErpBuildError
    from erp_build.errors import GateBlocked as GateBlocked
    from erp_build.gate.result import GateRules as GateRules
    from erp_build.gate.result import Judgement as Judgement
    from erp_build.gate.stage import clear_images as clear_images
    from erp_build.gate.stage import judge_images as judge_images
    from erp_build.gate.stage import read_rules as read_rules
    from erp_build.model.choice import Choice as Choice
    from erp_build.model.choice import choice_of as choice_of
    from erp_build.model.environment import Environment as Environment
    from erp_build.model.images.image import BuiltImage as BuiltImage
    from erp_build.model.images.verdict import ClearedImage as ClearedImage
    from erp_build.model.plan import LiveState as LiveState
    from erp_build.model.plan import Plan as Plan
    from erp_build.model.plan import Running as Running
    from erp_build.model.project import Function as Function
    from erp_build.model.project import Project as Project
    from erp_build.model.project import Service as Service
    from erp_build.model.releases.deployment import Deployment as Deployment
    from erp_build.model.stages.hooks import Pipeline as Pipeline
    from erp_build.pipeline import run as run
    from erp_build.run_options import Options as Options
    from erp_build.run_record import Run as Run
    from erp_build.run_record import RunReport as RunReport
    from erp_build.wiring import open_clients as open_clients

    __version__: str

HOMES = {
    "build.packagers.protocol": ("Packager",),
    "build.packagers.workbench": ("Workbench",),
    "build.quality_checks": ("require_checks", "run_checks"),
    "build.stage": ("build_images",),
    "changes.baselines": ("find_baselines", "find_head"),
    "changes.detect": ("detect_changes", "plan"),
    "changes.live_state": ("read_live_state",),
    "changes.make_plan": ("make_plan",),
    "changes.reuse": ("find_reusable",),
    "cli.app": ("main",),
    "clients.clock": ("SystemClock",),
    "clients.effects": ("Effects", "Journal"),
    "clients.git.repository": ("GitRepository",),
    "clients.protocols": ("Clients",),
    "clients.secrets": ("Secrets",),
    "clients.site": ("Site", "open_site", "read_environment"),
    "clients.terminal.progress": ("Lines",),
    "config.load": ("load_project",),
    "deployment.latest": ("move_latest",),
    "deployment.lock": ("take_lock",),
    "deployment.preflight": ("check_plan",),
    "deployment.proof": ("prove", "read_alarms"),
    "deployment.stage": ("deploy", "write_back"),
    "errors": ("BuildFailed", "ConfigurationError", "ErpBuildError", "GateBlocked"),
    "gate.result": ("GateRules", "Judgement"),
    "gate.stage": ("clear_images", "judge_images", "read_rules"),
    "model.choice": ("Choice", "choice_of"),
    "model.environment": ("Environment",),
    "model.images.image": ("BuiltImage",),
    "model.images.verdict": ("ClearedImage",),
    "model.plan": ("LiveState", "Plan", "Running"),
    "model.project": ("Function", "Project", "Service"),
    "model.releases.deployment": ("Deployment",),
    "model.stages.hooks": ("Pipeline",),
    "pipeline": ("run",),
    "run_options": ("Options",),
    "run_record": ("Run", "RunReport"),
    "wiring": ("open_clients",),
}
"""Module -> the public names of it. Type checkers read the same names above; a test compares the two."""

__all__ = [name for names in HOMES.values() for name in names]


FORMER_NAMES = {"Tools": "Clients", "open_tools": "open_clients"}
"""Names of version 0.1 -> what they are called now."""


def __getattr__(name: str) -> object:
    if name == "__version__":
        from erp_build.clients.machine.own_version import own_version

        return own_version()
    name = FORMER_NAMES.get(name, name)
    for module, names in HOMES.items():
        if name in names:
            from importlib import import_module

            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
