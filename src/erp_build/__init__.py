"""erp_build: builds, scans, deploys and proves what changed in a monorepo.

The public names; they load when they are first used, so that `import erp_build` costs nothing.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from erp_build.config.project import load_project
    from erp_build.domain.plan import Plan, make_plan
    from erp_build.domain.project import Project
    from erp_build.domain.report import RunReport
    from erp_build.errors import ErpBuildError
    from erp_build.pipeline import Options, run
    from erp_build.stages.detect import detect_changes, find_baselines, find_head
    from erp_build.tools.git import GitRepository

__all__ = [
    "ErpBuildError",
    "GitRepository",
    "Options",
    "Plan",
    "Project",
    "RunReport",
    "detect_changes",
    "find_baselines",
    "find_head",
    "load_project",
    "make_plan",
    "run",
]

_HOMES = {
    "ErpBuildError": "errors",
    "GitRepository": "tools.git",
    "Options": "pipeline",
    "Plan": "domain.plan",
    "Project": "domain.project",
    "RunReport": "domain.report",
    "detect_changes": "stages.detect",
    "find_baselines": "stages.detect",
    "find_head": "stages.detect",
    "load_project": "config.project",
    "make_plan": "domain.plan",
    "run": "pipeline",
}


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
