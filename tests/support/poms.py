"""Small poms for tests of Maven: what they say beside their name is given as XML."""

from pathlib import Path

GROUP = "com.erp"
PARENT = "<parent><groupId>com.erp</groupId><artifactId>{}</artifactId><version>1</version>{}</parent>"
DEPENDENCY = "<dependency><groupId>com.erp</groupId><artifactId>{}</artifactId><version>{}</version></dependency>"


def write_pom(folder: Path, *parts: str, artifact: str = "", group: str = GROUP) -> Path:
    """Write a pom in a folder, named like it, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    own = f"<groupId>{group}</groupId><artifactId>{artifact or folder.name}</artifactId><version>1</version>"
    text = f'<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>{own}{"".join(parts)}'
    (folder / "pom.xml").write_text(f"{text}</project>", encoding="utf-8")
    return folder


def modules(*names: str) -> str:
    """The modules of a pom, which has the packaging `pom` then."""
    return f"<packaging>pom</packaging><modules>{''.join(f'<module>{name}</module>' for name in names)}</modules>"


def needs(*artifacts: str, version: str = "1") -> str:
    """The dependencies of a pom."""
    return f"<dependencies>{''.join(DEPENDENCY.format(name, version) for name in artifacts)}</dependencies>"


def parent(artifact: str, path: str = "..") -> str:
    """The parent of a pom."""
    return PARENT.format(artifact, f"<relativePath>{path}</relativePath>")
