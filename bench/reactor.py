"""Monorepos that are one reactor of Maven: a parent, a BOM, three layers of libraries, and services that use them."""

import random
from collections.abc import Iterator
from pathlib import Path

from bench.monorepo import COMMITS, VERSION, generate, made

MODULES = {"M": (200, 101), "L": (2000, 100)}
"""Name -> modules, files of a service."""

LIBRARIES, LAYERS, USED = 10, 3, 2
"""One module in so many is a library; layers of them; libraries that a module uses of the next layer."""

STARTERS = ("web", "data-jpa", "validation", "actuator", "security", "test")
GROUP = "<groupId>com.erp</groupId>"
SPRING = "<groupId>org.springframework.boot</groupId>"


def reactor(size: str) -> Path:
    """The reactor of a size, made when it is not in the cache yet, with its work tree."""
    modules, files = MODULES[size]
    services = modules - modules // LIBRARIES
    return made(f"reactor-{size}-{VERSION}", lambda root: generate(root, services, files, COMMITS, fixed=_files))


def _files(services: list[str]) -> Iterator[tuple[str, str]]:
    chance = random.Random(1)
    libraries = [f"lib-{number:04}" for number in range(len(services) // (LIBRARIES - 1))]
    size = len(libraries) // LAYERS + 1
    layers = [libraries[start : start + size] for start in range(0, len(libraries), size)]
    yield "erp-build.toml", "".join(f'[[service]]\npath = "backend/{name}"\n' for name in services)
    yield "helm-chart/values-dev.yaml", "replicaCount: 2\n"
    yield "backend/proto/approval.proto", 'syntax = "proto3";\n'
    modules = [*(f"libs/{name}" for name in libraries), *(f"backend/{name}" for name in services)]
    named = "".join(f"    <module>{path}</module>\n" for path in ("bom", "backend", *modules))
    of_bom = "<version>1.0</version><type>pom</type><scope>import</scope>"
    imported = f"<dependency>{GROUP}<artifactId>bom</artifactId>{of_bom}</dependency>"
    yield "pom.xml", _gatherer("erp", f"<modules>\n{named}</modules>\n{_managed(imported)}")
    yield "bom/pom.xml", _gatherer("bom", _managed("\n".join(map(_managed_library, libraries))))
    yield "backend/pom.xml", _module("backend", "erp", "../pom.xml", (), "  <packaging>pom</packaging>\n")
    for place, layer in enumerate(layers):
        below = layers[place + 1] if place + 1 < len(layers) else []
        for name in layer:
            used = chance.sample(below, min(USED, len(below)))
            yield f"libs/{name}/pom.xml", _module(name, "erp", "../../pom.xml", used)
            yield f"libs/{name}/src/main/java/com/erp/Library.java", f"// {name}\n"
    for name in services:
        yield f"backend/{name}/pom.xml", _module(name, "backend", "../pom.xml", chance.sample(layers[0], USED))
        yield f"backend/{name}/mvnw", "#!/bin/sh\n"
        yield f"backend/{name}/Dockerfile", "FROM scratch\nCOPY target/*.jar /app.jar\n"


def _managed(rows: str) -> str:
    return f"  <dependencyManagement>\n    <dependencies>\n{rows}\n    </dependencies>\n  </dependencyManagement>\n"


def _managed_library(name: str) -> str:
    return f"      <dependency>{GROUP}<artifactId>{name}</artifactId><version>1.0</version></dependency>"


def _gatherer(name: str, more: str) -> str:
    own = f"{GROUP}<artifactId>{name}</artifactId><version>1.0</version>"
    return f"<project>\n{own}\n<packaging>pom</packaging>\n{more}</project>\n"


def _module(name: str, parent: str, path: str, used: tuple[str, ...] | list[str], more: str = "") -> str:
    starters = [(SPRING, f"spring-boot-starter-{starter}") for starter in STARTERS]
    rows = "".join(
        f"    <dependency>\n      {group}\n      <artifactId>{artifact}</artifactId>\n    </dependency>\n"
        for group, artifact in (*starters, *((GROUP, library) for library in used))
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<project xmlns="http://maven.apache.org/POM/4.0.0">\n'
        "  <modelVersion>4.0.0</modelVersion>\n"
        f"  <parent>\n    {GROUP}\n    <artifactId>{parent}</artifactId>\n    <version>1.0</version>\n"
        f"    <relativePath>{path}</relativePath>\n  </parent>\n  <artifactId>{name}</artifactId>\n{more}"
        f"  <dependencies>\n{rows}  </dependencies>\n  <build>\n    <plugins>\n      <plugin>\n        {SPRING}\n"
        "        <artifactId>spring-boot-maven-plugin</artifactId>\n"
        "      </plugin>\n    </plugins>\n  </build>\n</project>\n"
    )
