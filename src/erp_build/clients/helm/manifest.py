"""The objects of a manifest that Helm printed."""

from collections.abc import Mapping
from typing import Any

from erp_build.errors import ReleaseFailed
from erp_build.formats.kept import Kept
from erp_build.formats.kubernetes.cluster_yaml import documents_of
from erp_build.formats.kubernetes.manifest import flattened, split_documents, without_secrets

MAX_KEPT = 8192
"""Documents that are kept: three each of 1,000 services, before and after an upgrade."""


def all_objects(manifest: str) -> tuple[dict[str, Any], ...]:
    """The objects of a manifest; empty documents are left out. Raises `ReleaseFailed` where it cannot be read."""
    from ruamel.yaml.error import YAMLError

    try:
        return tuple(item for text in split_documents(manifest) for item in _objects_in(text))
    except (YAMLError, RecursionError) as error:
        # Without the message of the reader, which may quote a Secret.
        why = "it is nested too deeply" if isinstance(error, RecursionError) else "it is no YAML"
        raise ReleaseFailed(
            "what the chart renders cannot be read",
            where="helm",
            why=why,
            next_step="helm template shows it: simplify what is nested, or correct its YAML",
        ) from None


def _objects_in(document: str) -> tuple[dict[str, Any], ...]:
    """The objects of a part of a manifest.

    They are kept: a run reads the manifests of some revisions, which differ in what changed. A Secret is not.
    """
    return _KEPT.of(document, lambda: tuple(item for item in documents_of(document) if isinstance(item, dict)))


def _has_no_secret(objects: tuple[dict[str, Any], ...]) -> bool:
    return all(item.get("kind") != "Secret" for item in flattened(objects))


_KEPT: Kept[str, tuple[dict[str, Any], ...]] = Kept(MAX_KEPT, _has_no_secret)


def objects_but_secrets(manifest: str) -> tuple[Mapping[str, Any], ...]:
    """The objects of a manifest; Secrets lose what they hold here, so that no caller can show it."""
    return tuple(item for item in without_secrets(all_objects(manifest)) if item.get("kind") is not None)


def objects_and_hooks(release: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The objects of a release as a dry run prints it, then its hooks, which Helm keeps apart."""
    hooks = (one for hook in release.get("hooks") or () for one in objects_but_secrets(str(hook["manifest"])))
    return (*objects_but_secrets(release["manifest"]), *hooks)
