"""The objects of a manifest that Helm printed."""

from collections.abc import Mapping
from typing import Any

from erp_build.errors import ReleaseFailed
from erp_build.formats.kubernetes.cluster_yaml import documents_of
from erp_build.formats.kubernetes.manifest import without_secrets


def all_objects(manifest: str) -> tuple[dict[str, Any], ...]:
    """The objects of a manifest; empty documents are left out. Raises `ReleaseFailed` where it cannot be read."""
    from ruamel.yaml.error import YAMLError

    try:
        return tuple(item for item in documents_of(manifest) if isinstance(item, dict))
    except (YAMLError, RecursionError) as error:
        # Without the message of the reader, which may quote a Secret.
        why = "it is nested too deeply" if isinstance(error, RecursionError) else "it is no YAML"
        raise ReleaseFailed(
            "what the chart renders cannot be read",
            where="helm",
            why=why,
            next_step="helm template shows it: simplify what is nested, or correct its YAML",
        ) from None


def objects_but_secrets(manifest: str) -> tuple[Mapping[str, Any], ...]:
    """The objects of a manifest; Secrets lose what they hold here, so that no caller can show it."""
    return tuple(item for item in without_secrets(all_objects(manifest)) if item.get("kind") is not None)
