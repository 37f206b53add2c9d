"""A finding of a scan."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A vulnerability that a scan reports.

    Attributes:
        name: its identifier, such as `CVE-2021-44228`.
        severity: in capitals, as the scan says it.
        packages: names of the packages that have it, each once; empty where the scan names none.
        version: of the first package.
        fixable: whether there is a fix for at least some of the packages; None where the scan does not say.
        fixed_in: the version with the fix, where the scan says.
        uri: a page about it.
    """

    name: str
    severity: str
    packages: tuple[str, ...] = ()
    version: str = ""
    fixable: bool | None = None
    fixed_in: str = ""
    uri: str = ""

    @property
    def identity(self) -> tuple[str, tuple[str, ...]]:
        """What makes it the same finding in another image."""
        return self.name, self.packages

    def __str__(self) -> str:
        """For the reader: `CVE-2021-44228 (log4j-core)`."""
        return f"{self.name} ({', '.join(self.packages) or 'no package named'})"
