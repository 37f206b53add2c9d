"""The check of what each target names: its folder, pom, Dockerfile, values key and names. It needs no account."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from erp_build.build.image_builder import no_stage
from erp_build.clients.docker.build_context import context_for
from erp_build.config.grammar import NAMES
from erp_build.config.image_targets import read_dockerfile
from erp_build.config.read_file import path_below, read_file
from erp_build.doctor.diagnosis import CheckResult, Look
from erp_build.doctor.facts import Facts
from erp_build.errors import BuildFailed, ConfigurationError, did_you_mean, told
from erp_build.formats.dockerfile.lint import allowable, is_made_later, secrets_in, takes_buildkit
from erp_build.formats.dockerfile.one_stage import as_built, stage_named
from erp_build.formats.dockerfile.stages import images_of
from erp_build.formats.maven.pom import read_pom
from erp_build.formats.values.file import set_tags
from erp_build.model.build_options import Allowance
from erp_build.model.packaging import context_of, dockerfile_of, is_maven, made_in_context
from erp_build.model.project import Chart, Function, Service

NO_JARS = ("pom",)
CORRECT = "correct {} in erp-build.toml"
POM = "pom.xml"
WITHOUT_MAVEN = 'where the Dockerfile does it all, write package = "none"'


class Fault(NamedTuple):
    """Something that a run would stop at, or only may (`is_doubt`), and what to do about it."""

    what: str
    next_step: str
    is_doubt: bool = False


class Seen(NamedTuple):
    """What was looked at of a target, a few words each, and what is wrong with it."""

    words: list[str]
    faults: list[Fault]


def check_files(facts: Facts) -> CheckResult:
    """Whether each target has what it names in erp-build.toml."""
    project = facts.project
    seen = {target.name: _image_target(facts, target) for target in project.image_targets}
    seen[project.chart.name] = _chart(facts.root, project.chart)
    look = Look(f"the files of {len(seen)} targets, as {project.config_path or 'the default layout'} names them")
    if unused := list(_unused_allowances(facts)):
        seen["[[build.allow]]"] = Seen([], unused)
    found = "\n".join(_line(name, one) for name, one in seen.items())
    faults = [fault for one in seen.values() for fault in one.faults]
    steps = "\n".join(dict.fromkeys(fault.next_step for fault in faults))
    if any(not fault.is_doubt for fault in faults):
        return look.problem(found, steps)
    return look.warning(found, steps) if faults else look.ok(found)


def _line(name: str, seen: Seen) -> str:
    """One line for a target: what is wrong with it, else what was looked at."""
    if seen.faults:
        return f"{name}: {'; '.join(fault.what for fault in seen.faults)}"
    return f"{name}: {', '.join(seen.words)}"


def _image_target(facts: Facts, target: Service | Function) -> Seen:
    seen = Seen([target.path], [])
    try:
        folder = path_below(facts.root, target.path)
    except ConfigurationError as error:
        seen.faults.append(Fault(told(error), error.next_step))
        return seen
    if not folder.is_dir():
        seen.faults.append(_missing(facts.root, target.path, "a directory" if folder.exists() else "", "`path`"))
        return seen
    if is_maven(target):
        _pom(facts.root, target, seen)
    else:
        seen.words.append(f"package {target.package}")
    _dockerfile(facts, target, seen)
    if isinstance(target, Service):
        _values_key(facts, target, seen)
    else:
        seen.words.append(f"function {target.function}")
    _repository(target, seen)
    return seen


def _pom(root: Path, target: Service | Function, seen: Seen) -> None:
    path = f"{target.path}/{POM}"
    if not (root / path).is_file():
        fault = _missing(root, path, "", "`path`")
        seen.faults.append(fault._replace(next_step=f"{fault.next_step}; {WITHOUT_MAVEN}"))
        return
    pom = read_pom(_content(root, path))
    if pom is None or not pom.artifact:
        seen.faults.append(Fault(f"{path} cannot be read as a pom", "mvn validate shows what is wrong with it"))
    elif pom.packaging in NO_JARS:
        seen.faults.append(Fault(f"{path} makes no jar (packaging {pom.packaging})", "name the folder of a module"))
    else:
        seen.words.append(f"{POM} ({pom.artifact})")


def _dockerfile(facts: Facts, target: Service | Function, seen: Seen) -> None:
    root, path, build = facts.root, dockerfile_of(target), facts.project.build
    if not (root / path).is_file():
        seen.faults.append(_missing(root, path, "", "`dockerfile`"))
        return
    try:
        whole = read_dockerfile(root, target)
    except (BuildFailed, ConfigurationError) as unread:
        seen.faults.append(Fault(f"{unread.where}: {told(unread)}", unread.next_step))
        return
    if target.docker_target and not stage_named(whole, target.docker_target):
        error = no_stage(target, whole)
        seen.faults.append(Fault(f"{path}: {told(error)}", error.next_step))
        return
    text = as_built(whole, target.docker_target, dict(target.args))
    images = images_of(text)
    seen.words.append(f"{target.dockerfile} (from {', '.join(images) or 'scratch'})")
    if "FROM " not in text.upper():
        seen.faults.append(Fault(f"{path} has no FROM", "name a Dockerfile, or begin it with its base image"))
    if unknown := [image for image in images if "$" in image]:
        what = f"{path} takes {', '.join(unknown)}, whose variable has no value"
        step = "give the ARG a default before the first FROM, or a value in `args`"
        seen.faults.append(Fault(what, step, is_doubt=True))
    for secret in secrets_in(whole):
        step = "give it at run time, as a variable of the deployment"
        if not build.allows(target.name, "secret", secret.name):
            seen.faults.append(Fault(f"{path}:{secret.line}: a secret: {secret.what}", step))
    _sources(facts, target, text, is_classic=not takes_buildkit(whole, build.builder), seen=seen)


def _sources(facts: Facts, target: Service | Function, text: str, *, is_classic: bool, seen: Seen) -> None:
    """Whether what the Dockerfile copies is in the build context, or will be."""
    try:
        folder = path_below(facts.root, context_of(target) or ".")
    except ConfigurationError as error:
        seen.faults.append(Fault(told(error), error.next_step))
        return
    if not folder.is_dir():
        seen.faults.append(_missing(facts.root, context_of(target), "", "`context`"))
        return
    try:
        context = context_for(facts.root, target)
    except BuildFailed as error:
        seen.faults.append(Fault(f"{context_of(target) or 'the root'}: {told(error)}", error.next_step))
        return
    made = made_in_context(target, facts.project.packagings)
    who = "Maven" if is_maven(target) else target.package
    makes = f", or {who} makes them in {made}/" if made else ""
    step = f"correct the COPY: its sources lie below {context_of(target) or 'the root'}{makes}"
    for missing in context.missing_sources(text, classic=is_classic):
        if not is_made_later(missing, made) and not facts.project.build.allows(target.name, "source", missing.name):
            seen.faults.append(Fault(f"{dockerfile_of(target)}:{missing.line}: {missing.what}", step))


def _unused_allowances(facts: Facts) -> Iterator[Fault]:
    """The rows of `[[build.allow]]` that no Dockerfile needs: what they once let pass is not there any more."""
    project = facts.project
    targets = {one.name: one for one in project.image_targets} if project.build.allow else {}
    known = {name: _allowable(facts.root, target) for name, target in targets.items()}
    for row in (Allowance(*row) for row in project.build.allow):
        found = [known[name] for name in row.services or known]
        if None not in found and not any((row.finding, row.name) in one for one in found if one):
            names = {name for one in found for kind, name in one or () if kind == row.finding}
            step = did_you_mean(row.name, sorted(names), "take the row out of erp-build.toml, or correct it")
            whose = ", ".join(row.services) or "any target"
            yield Fault(f"no Dockerfile of {whose} has the {row.finding} {row.name}", step, is_doubt=True)


def _allowable(root: Path, target: Service | Function) -> frozenset[tuple[str, str]] | None:
    """What a row may name of a target; None where nobody can tell, which the target's own line says."""
    whole = _content(root, dockerfile_of(target)).decode("utf-8-sig", "replace")
    if not whole.strip() or (target.docker_target and not stage_named(whole, target.docker_target)):
        return None
    return allowable(whole, as_built(whole, target.docker_target, dict(target.args)))


def _values_key(facts: Facts, service: Service, seen: Seen) -> None:
    chart = facts.project.chart
    path = f"{chart.path}/{chart.values}"
    if not (facts.root / path).is_file():
        # The line of the chart says it once for all.
        return
    try:
        set_tags(facts.values(), {service.values_key: "0"}, where=path)
    except ConfigurationError as error:
        seen.faults.append(Fault(f"{path}: {told(error)}", error.next_step))
    else:
        seen.words.append(f"{service.values_key} of {path}")


def _repository(target: Service | Function, seen: Seen) -> None:
    rule = NAMES["repository"]
    if not rule.accepts(target.repository):
        what = f"repository {target.repository} cannot be one of ECR: it must be {rule.words}"
        seen.faults.append(Fault(what, 'write repository = "..." for it'))
    else:
        seen.words.append(f"repository {target.repository}")


def _chart(root: Path, chart: Chart) -> Seen:
    seen = Seen([f"{chart.path}/Chart.yaml", f"{chart.path}/{chart.values}"], [])
    if not (root / chart.path).is_dir():
        seen.faults.append(_missing(root, chart.path, "", "`path` of [chart]"))
        return seen
    for path, key in zip(seen.words, ("`path` of [chart]", "`values` of [chart]"), strict=True):
        if not (root / path).is_file():
            seen.faults.append(_missing(root, path, "", key))
    return seen


def _missing(root: Path, path: str, instead: str, key: str) -> Fault:
    """What is not there, with the nearest name that is: of the first part that is missing."""
    what = f"{path} is not {instead}" if instead else f"there is no {path}"
    parts = path.split("/")
    for place in range(len(parts)):
        above = root.joinpath(*parts[:place])
        if not (above / parts[place]).exists():
            near = did_you_mean(parts[place], _names(above), CORRECT.format(key))
            return Fault(what, near.replace("did you mean `", f"did you mean `{'/'.join((*parts[:place], ''))}"))
    return Fault(what, CORRECT.format(key))


def _names(folder: Path) -> Iterator[str]:
    return (entry.name for entry in folder.iterdir()) if folder.is_dir() else iter(())


def _content(root: Path, path: str) -> bytes:
    """What is in a file; nothing where it cannot be read, which its reader then says."""
    try:
        return read_file(path_below(root, path))
    except (OSError, ConfigurationError):
        return b""
