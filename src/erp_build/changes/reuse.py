"""Reuse: a target whose content has an image already is not built, and not deployed if that image runs."""

from collections.abc import Callable, Mapping, Sequence

from erp_build.changes.content_key import content_of
from erp_build.changes.detect import warning_of
from erp_build.changes.make_plan import OF_CHART, without_chart
from erp_build.changes.rebuilds.reasons import is_built_anew, is_rebuilt
from erp_build.changes.surroundings import read_dockerfile, surroundings_of
from erp_build.changes.target_keys import TargetKey, target_keys
from erp_build.clients.machine.parallel import ask_at_once, asked_once
from erp_build.clients.site import Site
from erp_build.errors import PushFailed
from erp_build.model.commit import DIRTY
from erp_build.model.images.image import KEY_TAG, StoredImage
from erp_build.model.plan import LiveState, Plan, Reason, Step
from erp_build.model.project import Chart, Function, Service
from erp_build.model.stages.stage import stage

IMAGE_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
"""Lambda's name of an architecture -> the name that images and nodes use."""

MAX_IMAGES_OF_A_COMMIT = 100
"""Tags of one commit that are looked at; all of them but the first by one call to the registry."""

Images = Mapping[str, StoredImage | None]
"""Tag -> the image that it names; None: it names none."""

Nodes = Callable[[], frozenset[str]]
"""Returns the architectures of the cluster's nodes; they are the same for all services, so they are read once."""


@stage("reads only: Git, the checkout, ECR, base images", keeps="plan")
def find_reusable(site: Site, plan: Plan, live: LiveState, *, checkout: bool = True) -> Plan:
    """Give what is to be built its content key, and turn a build into `reuse`, or into `none` where that image runs.

    Without `.git` there is no comparison, and only the keys tell what changed. A target whose files are not those of
    the commit gets no key, because the build would use those files and the key would not.

    Args:
        site: where it is looked up.
        plan: what the comparison says.
        live: what runs.
        checkout: whether the checkout is what would be built; otherwise only the plan's commit counts.
    """
    uncommitted = site.clients.repository.uncommitted()
    plan = plan._replace(warnings=(*plan.warnings, *warning_of(uncommitted, site.clients.repository.complaint)))
    if plan.is_empty:
        return plan
    targets = [step.target for step in plan.steps if step.action == "build" or isinstance(step.target, Chart)]
    keys = target_keys(site.clients.repository, site.project, plan.head, targets, checkout=checkout)
    search = _Search(site, plan, checkout=checkout)
    found = search.image_steps([step for step in plan.steps if step.action == "build"], keys)
    steps = tuple(
        _chart_with_key(step, keys[step.target.name], live)
        if isinstance(step.target, Chart)
        else found.get(step.target.name, step)
        for step in plan.steps
    )
    chart = steps[-1]
    if chart.action == "none" and plan.steps[-1].action != "none":
        steps = tuple(without_chart(step) for step in steps)
    if chart.action != "none":
        steps = tuple(_with_chart(*pair, chart) for pair in zip(plan.steps, steps, strict=True))
    missing = (keys[step.target.name].warning(step.target) for step in steps if _lacks_key(step, keys))
    return plan._replace(steps=steps, warnings=(*plan.warnings, *missing, *search.warnings))


class LateSearch:
    """Looks again for images that were not there when the plan was made, and that others have pushed since.

    Args:
        site: where it is looked up.
        plan: has their keys.
    """

    def __init__(self, site: Site, plan: Plan) -> None:
        self._search = _Search(site, plan, checkout=True)

    def found(self, steps: Sequence[Step]) -> dict[str, Step]:
        """Name -> the step as `reuse`, for those whose images are in the registry under their keys by now."""
        looked_up = ask_at_once(self._search.looked_up, steps)
        return {step.target.name: step for step in looked_up if step.action == "reuse"}


def wanted_platforms(site: Site, nodes: Nodes, target: Service | Function) -> set[str]:
    """The platforms that run a target; empty if unknown: no function yet, or no permission to list nodes."""
    if isinstance(target, Function):
        state = site.clients.functions.state(target.function)
        architectures = {state.architecture} if state else set()
    else:
        architectures = set(nodes())
    return {f"linux/{IMAGE_ARCHITECTURES.get(name, name)}" for name in architectures if name}


class _Search:
    """Looks in the registry for what is to be built; `warnings` says what could not be asked."""

    def __init__(self, site: Site, plan: Plan, *, checkout: bool) -> None:
        self._site = site
        self._plan = plan
        self._checkout = checkout
        # Asked by one thread while the others wait: the cluster's client is not thread-safe.
        self.nodes = asked_once(lambda: site.clients.cluster.architectures(site.environment.cluster))
        self._unknown: dict[str, list[str]] = {}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What could not be asked, and for which targets."""
        return tuple(
            f"{doubt}; {', '.join(names)}: an image of the same files is reused, a new one is built on what is here"
            for doubt, names in self._unknown.items()
        )

    def image_steps(self, steps: Sequence[Step], keys: Mapping[str, TargetKey]) -> dict[str, Step]:
        """Name of a target -> its step, which would build, with what is known of its image."""
        known = [self._with_key(step, keys[step.target.name]) for step in steps if not isinstance(step.target, Chart)]
        return {step.target.name: step for step in ask_at_once(self.looked_up, known)}

    def _with_key(self, step: Step, found: TargetKey) -> Step:
        assert not isinstance(step.target, Chart)
        if found.key and not is_rebuilt(step) and _runs(step, found.key):
            same = Reason(rule=f"same content as what runs (key {found.key[:12]})")
            return step._replace(action="none", key=found.key, because=(same,))
        dockerfile = read_dockerfile(self._site, step.target, self._plan.head, checkout=self._checkout)
        around = surroundings_of(self._site, step.target, dockerfile)
        for doubt in around.doubts:
            self._unknown.setdefault(doubt, []).append(step.target.name)
        return step._replace(key=around.key(found.key), bases=around.bases, is_dirty=found.is_dirty)

    def looked_up(self, step: Step) -> Step:
        """The step as `reuse`, if the registry has the image of its key; otherwise as a build with a tag of its own."""
        if step.action == "none":
            return step
        assert not isinstance(step.target, Chart)
        key = "" if is_built_anew(step) or _lacks_base(step) else step.key
        # A run that was killed behind its push has left the image of this very content under the tag: it is taken.
        tag = f"{self._plan.tag}{DIRTY if step.is_dirty else ''}"
        names = tuple(dict.fromkeys((*([f"{KEY_TAG}{key}"] if key else []), self._plan.tag, tag)))
        repository = self._site.repository(step.target)
        there = dict(zip(names, self._site.clients.registry.stored_each(repository, names), strict=True))
        if image := there.get(f"{KEY_TAG}{key}"):
            return self._reused(step, step.target, image, there)
        return step._replace(tag=self._free_tag(step, tag, there, key=key))

    def _reused(self, step: Step, target: Service | Function, image: StoredImage, there: Images) -> Step:
        if why := self._mismatch(step, target, image):
            said = Reason(rule=f"the image in ECR with key {step.key[:12]} is not reused: {why}")
            return step._replace(tag=self._free_tag(step, self._plan.tag, there), because=(*step.because, said))
        said = Reason(rule=f"in ECR (key {step.key[:12]})")
        tag = self._free_tag(step, self._plan.tag, there, digest=image.digest)
        return step._replace(action="reuse", image=image, tag=tag, because=(*step.because, said))

    def _mismatch(self, step: Step, target: Service | Function, image: StoredImage) -> str:
        """Why the image is not what the tag with its key says; empty if it is."""
        registry = self._site.clients.registry
        label = registry.key(image) or ""
        if step.key not in (label, content_of(label)):
            return f"its label names {f'the key {label[:12]}' if label else 'no key'}"
        runs = step.running is not None and step.running.digest == image.digest
        if not runs and not registry.revision(image):
            return "its label names no commit that it was built from"
        platform, wanted = registry.platform(image), wanted_platforms(self._site, self.nodes, target)
        if platform and wanted and platform not in wanted:
            return f"it is for {platform}, and {target.name} runs on {' or '.join(sorted(wanted))}"
        return ""

    def _free_tag(self, step: Step, tag: str, there: Images, *, key: str = "", digest: str = "") -> str:
        """The tag, with a number where another image has it than one with this key or digest.

        What runs under a tag would go on running if the tag moved, and an immutable one cannot be moved.
        """
        assert not isinstance(step.target, Chart)
        registry, repository = self._site.clients.registry, self._site.repository(step.target)

        def is_free(found: StoredImage | None) -> bool:
            return found is None or found.digest == digest or (bool(key) and registry.key(found) == key)

        if is_free(there[tag]):
            return tag
        _, *further = tags_of(tag)
        for name, image in zip(further, registry.stored_each(repository, further), strict=True):
            if is_free(image):
                return name
        raise PushFailed(
            f"{MAX_IMAGES_OF_A_COMMIT} images of one commit are in the registry",
            where=f"{repository}:{tag}",
            why=f"the tags {tag} to {tag}-{MAX_IMAGES_OF_A_COMMIT} belong to other contents",
            next_step="commit again, so that the image gets another tag",
        )


def tags_of(tag: str) -> list[str]:
    """The tags that images of one commit may have: its own, then those with a number."""
    return [tag, *(f"{tag}-{number}" for number in range(2, MAX_IMAGES_OF_A_COMMIT + 1))]


def _runs(step: Step, key: str) -> bool:
    running = step.running
    return bool(running and content_of(running.key) == key and running.tag_or_digest and not running.trouble)


def _lacks_base(step: Step) -> bool:
    """Whether its base has moved and its key does not say so, so that an image of that key may be on the old one."""
    return is_rebuilt(step) and content_of(step.key) == step.key


def _lacks_key(step: Step, keys: dict[str, TargetKey]) -> bool:
    found = keys.get(step.target.name)
    return found is not None and step.action != "none" and bool(found.doubts)


def _chart_with_key(step: Step, found: TargetKey, live: LiveState) -> Step:
    step = step._replace(key=found.key, is_dirty=found.is_dirty)
    is_unknown = step.action == "redeploy" and step.baseline.commit is None and not live.chart_edits
    same = is_unknown and found.key and live.chart_key == found.key
    why = Reason(rule=f"same content as the deployed chart (key {found.key[:12]})")
    return step._replace(action="none", because=(why,)) if same else step


def _with_chart(before: Step, step: Step, chart: Step) -> Step:
    """Redeploy a service that runs its content already, if the chart is deployed, like all other services.

    An upgrade may replace its pods, so its image must pass the gate and be verified as well.
    """
    if not isinstance(step.target, Service) or before.action == step.action or step.action != "none":
        return step
    because = tuple(Reason(path=reason.path, rule=f"{OF_CHART}{reason.rule}") for reason in chart.because)
    return step._replace(action="redeploy", because=because)
