"""What a verb tells of each unit of the project, as one document or one text."""

from collections.abc import Callable, Mapping
from typing import Any

from erp_build.cli.console import Console
from erp_build.clients.site import Site
from erp_build.model.releases.units import name_of
from erp_build.report.json.status import joined_documents
from erp_build.report.text.status import joined_texts


def show_each(
    console: Console, unit: str | None, forms: Callable[[Site], tuple[Mapping[str, Any], str]], *, as_json: bool
) -> None:
    """Print what `forms` tells of a unit, as a document and as a text; without a name of all, one after the other."""
    with console.sites(unit) as sites:
        found = {name_of(site.project): forms(site) for site in sites}
    console.show(
        joined_documents({name: document for name, (document, _) in found.items()}),
        joined_texts({name: text for name, (_, text) in found.items()}),
        as_json=as_json,
    )
