"""`gate --running`: what runs of every release is judged, and who watches the topic is told where it is not well."""

import os
from collections.abc import Mapping

from erp_build.cli.console import Console
from erp_build.clients.protocols import Clients
from erp_build.clients.site import Site, read_environment
from erp_build.clients.unasked import clients_of
from erp_build.config.codebuild import build_link
from erp_build.errors import combine
from erp_build.gate.filter import Known
from erp_build.gate.result import GateRules
from erp_build.gate.running import JudgedReleases, judge_releases
from erp_build.model.environment import Place
from erp_build.model.project import NotifyPolicy
from erp_build.report.notify import send
from erp_build.report.text.running import RunningNews


def judge_what_runs(
    console: Console, unit: str | None, rules: GateRules, known: Mapping[str, Known] | None, *, tells: bool
) -> JudgedReleases:
    """Judge what runs of one release, or of all where none is named.

    Args:
        console: knows the project.
        unit: the name of the release; None: all of them.
        rules: the policy and the waivers of today.
        known: digest -> what the verdict that cleared it let pass.
        tells: whether the topic of `[notify]` is told unless everything passes; also that nothing could be judged.
    """
    project = console.project()
    releases = project.releases if unit is None else (console.release(unit),)
    with console.clients(project) as clients:
        place = None
        try:
            environment = read_environment(clients, project)
            place = environment.place
            sites = [Site(one, clients_of(one, clients), environment) for one in releases]
            judged = judge_releases(sites, rules, known)
        except Exception as error:
            if tells:
                _tell(clients, project.notify, None, error, place)
            raise
        if tells:
            _tell(clients, project.notify, judged, None, place)
        return judged


def require_all_judged(judged: JudgedReleases) -> None:
    """Raise the error of the releases that could not be judged."""
    if judged.undone:
        raise combine([error for _, error in judged.undone])


def _tell(
    clients: Clients, policy: NotifyPolicy, judged: JudgedReleases | None, broken: Exception | None, place: Place | None
) -> None:
    news = RunningNews(judged, broken, place, clients.clock.now(), build_link(os.environ))
    if news.is_any:
        send(clients, policy, place, lambda: news.message(clients.secrets.mask))
    else:
        clients.progress.say("nobody is told: everything that runs was judged, and passes")
