"""An error as text: what, where, why, and what to do next."""

from erp_build.errors import Failure
from erp_build.formats.printable import one_line, printable


def error_text(error: Failure) -> str:
    """An error: what, where, why, and what to do next."""
    # A line break in a name must not begin a line that looks like one of ours.
    lines = [f"erp_build: {one_line(error.what)}"]
    for name, text in (("where", error.where), ("why", error.why), ("next", error.next_step)):
        if text:
            first, *rest = text.splitlines()
            lines += [f"  {name + ':':<7}{first}", *(f"         {line}" for line in rest)]
    return printable("\n".join(lines))
