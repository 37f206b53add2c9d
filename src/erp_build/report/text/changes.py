"""What a deployment would change, for a person."""

from erp_build.formats.printable import one_line, printable
from erp_build.model.releases.preview import FieldChange, Preview
from erp_build.report.text.table import table

HOW = {"build": "would be built", "reuse": "reused", "keep": "kept"}


def changes_text(preview: Preview) -> list[str]:
    """The images, the lines of the values file, and the fields of the release's objects."""
    lines = []
    if preview.images:
        rows = table([(one.target, HOW[one.how], one.name) for one in preview.images])
        lines += ["Images of the deployment", *(f"  {row}" for row in rows)]
    if preview.values:
        lines += ["Values file", *(f"  {printable(line)}" for line in preview.values.split("\n"))]
    if preview.objects:
        lines.append("Objects of the release (Secrets are not compared)")
    for one in preview.objects:
        lines.append(one_line(f"  {one.kind} {one.name}: {one.change}"))
        lines += [one_line(f"    {_field(item)}") for item in one.fields]
    return lines


def _field(item: FieldChange) -> str:
    before, after = ("nothing" if value is None else value for value in (item.before, item.after))
    return f"{item.path}: {before} -> {after}"
