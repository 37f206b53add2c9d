"""Registries and a Maven repository that want a sign-in, and a repository whose images are built of what they hold."""

import base64
import hashlib
import io
import shutil
import tarfile
import threading
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from sandbox.aws.client import client, ignore_missing
from sandbox.aws.ecr import hosts
from sandbox.aws.ecr.sign_in import basic
from sandbox.docker import engine
from sandbox.docker.buildkit import FRONTEND
from sandbox.docker.push import push_image
from sandbox.endpoints import CODEARTIFACT_PASSWORD, COMPANY_HOST, HUB_HOST, OTHER_REGISTRY_HOST, REGISTRY_HOST
from sandbox.sample import erp_repository
from sandbox.tenants.tenant import Tenant
from tests.world.building import JAVA, OTHER, POM, SERVICE, Workplace

CLASSIC, BUILDKIT, MAVEN = SERVICE, OTHER, "approval-processing-service"
"""Services whose images the classic builder makes, BuildKit makes, and whose jar needs the private repository."""

BUILD_SECRET = "invented-build-secret-d41b"

BASES = {
    "company": f"{COMPANY_HOST}/bases/tools:1",
    "account": f"{OTHER_REGISTRY_HOST}/bases/tools:1",
    "hub": f"{HUB_HOST}/library/tools:1",
    "cache": f"{REGISTRY_HOST}/{hosts.PULL_THROUGH}library/tools:2",
    "mirror": "tools:3",
}
"""Name of a stage -> its base, each of another registry; the last one is fetched from a mirror of Docker Hub."""

STORED = {
    "company": (f"{hosts.COMPANY.prefix}bases/tools", "1"),
    "account": (f"{hosts.OTHER.prefix}bases/tools", "1"),
    "hub": (f"{hosts.HUB.prefix}library/tools", "1"),
    "cache": (f"{hosts.HUB.prefix}library/tools", "2"),
    "mirror": (f"{hosts.HUB.prefix}library/tools", "3"),
}
"""Name of a stage -> where its base is put: repository of the account's own registry, and tag."""

SYNTAX = f"{hosts.HUB.prefix}docker/dockerfile"
"""Where the image of a `# syntax=` line is put, which comes from the mirror as well."""

STAGES = "".join(f"FROM {base} AS {name}\n" for name, base in BASES.items())
FROM_BASES = f"{STAGES}FROM {BASES['company']}\n" + "".join(
    f"COPY --from={name} /base /of-{name}\n" for name in BASES if name != "company"
)
CLASSIC_DOCKERFILE = f"{FROM_BASES}COPY content.txt /\n"
BUILDKIT_DOCKERFILE = f"""# syntax={FRONTEND}
{FROM_BASES}COPY content.txt /
RUN --mount=type=secret,id=NPM_TOKEN <<EOF
set -e
test -s /run/secrets/NPM_TOKEN
sha256sum </run/secrets/NPM_TOKEN >/seen
EOF
"""
MAVEN_DOCKERFILE = "FROM scratch\nCOPY target/*.jar /\n"

GROUP, ARTIFACT = "com.erp.shared", "secret-sauce"
DEPENDENCY = f"""  <repositories>
    <repository><id>codeartifact</id><url>{{address}}</url></repository>
  </repositories>
  <dependencies>
    <dependency><groupId>{GROUP}</groupId><artifactId>{ARTIFACT}</artifactId><version>{{version}}</version></dependency>
  </dependencies>
</project>"""
SETTINGS = """<settings><servers><server>
  <id>codeartifact</id><username>aws</username><password>${env.CODEARTIFACT_AUTH_TOKEN}</password>
</server></servers></settings>
"""
CONFIGURATION = f"""parameters = "{{parameters}}"

[[service]]
path = "backend/{CLASSIC}"
package = "none"

[[service]]
path = "backend/{BUILDKIT}"
package = "none"

[[service]]
path = "backend/{MAVEN}"

[build]
tests = "skip"

[build.sign_in]
"{COMPANY_HOST}" = "registry"
"{HUB_HOST}" = "registry"

[build.mirrors]
"docker.io" = "{REGISTRY_HOST}/{hosts.PULL_THROUGH.strip("/")}"

[build.secrets]
NPM_TOKEN = "npm-token"

[build.codeartifact]
domain = "erp"
"""
PARAMETERS = {"registry": f"{hosts.USER}:{hosts.PASSWORD}", "npm-token": BUILD_SECRET}
"""SecureStrings below the tenant's prefix."""

SECRETS = (
    *(BUILD_SECRET, hosts.PASSWORD, CODEARTIFACT_PASSWORD),
    base64.b64encode(BUILD_SECRET.encode()).decode(),
    basic(hosts.USER, hosts.PASSWORD).removeprefix("Basic "),
    basic("aws", CODEARTIFACT_PASSWORD).removeprefix("Basic "),
)


def repository(folder: Path, tenant: Tenant, maven_repository: str, version: str) -> Workplace:
    """The repository, and what it needs in Parameter Store.

    Args:
        folder: in which it is made.
        tenant: whose it is.
        maven_repository: address of the private one.
        version: of the artifact that is taken from there.
    """
    place = Workplace(tenant, folder / "erp")
    poms = POM.format(MAVEN).replace("</project>", DEPENDENCY.format(address=maven_repository, version=version))
    files = {
        "erp-build.toml": CONFIGURATION.format(parameters=tenant.parameters),
        ".gitignore": "target/\n",
        f"backend/{CLASSIC}/Dockerfile": CLASSIC_DOCKERFILE,
        f"backend/{BUILDKIT}/Dockerfile": BUILDKIT_DOCKERFILE,
        f"backend/{MAVEN}/Dockerfile": MAVEN_DOCKERFILE,
        f"backend/{MAVEN}/pom.xml": f"{poms}\n",
        f"backend/{MAVEN}/src/main/java/App.java": JAVA,
        f"backend/{MAVEN}/.mvn/maven.config": "--settings\n.mvn/settings.xml\n",
        f"backend/{MAVEN}/.mvn/settings.xml": SETTINGS,
        **{f"backend/{name}/content.txt": uuid.uuid4().hex for name in (CLASSIC, BUILDKIT, MAVEN)},
    }
    for path, text in files.items():
        (place.root / path).parent.mkdir(parents=True, exist_ok=True)
        (place.root / path).write_text(text, encoding="utf-8")
    erp_repository.begin(place.root, "비공개 이미지와 라이브러리")
    give_parameters(tenant, PARAMETERS)
    return place


def edit_configuration(place: Workplace, text: str, other: str) -> None:
    """Commit another configuration."""
    file = place.root / "erp-build.toml"
    before = file.read_text(encoding="utf-8")
    assert text in before
    file.write_text(before.replace(text, other), encoding="utf-8")
    erp_repository.commit(place.root, "erp-build.toml")


def give_parameters(tenant: Tenant, values: dict[str, str]) -> None:
    """Put SecureStrings into Parameter Store."""
    for name, value in values.items():
        path = f"{tenant.parameters}/{name}"
        client("ssm").put_parameter(Name=path, Value=value, Type="SecureString", Overwrite=True)


def take_parameters(tenant: Tenant) -> None:
    """Take them away."""
    for name in PARAMETERS:
        ignore_missing(client("ssm").delete_parameter, Name=f"{tenant.parameters}/{name}")


@contextmanager
def bases() -> Iterator[None]:
    """The bases in their registries, and none of them in the engine: each is pulled with a sign-in or not at all."""
    repositories = {SYNTAX, *(stored for stored, _ in STORED.values())}
    for stored in repositories:
        ignore_missing(client("ecr").delete_repository, repositoryName=stored, force=True)
        client("ecr").create_repository(repositoryName=stored)
    for name, (stored, tag) in STORED.items():
        push_image(f"{REGISTRY_HOST}/{stored}", tag, _base(name), is_tar=True)
    push_image(f"{REGISTRY_HOST}/{SYNTAX}", "1", io.BytesIO(f"FROM {FRONTEND}\n".encode()))
    try:
        forget_bases()
        yield
    finally:
        forget_bases()
        for stored in repositories:
            ignore_missing(client("ecr").delete_repository, repositoryName=stored, force=True)


def forget_bases() -> None:
    """Take the bases out of the engine, under every name."""
    names = {*BASES.values(), *(f"{REGISTRY_HOST}/{stored}:{tag}" for stored, tag in STORED.values())}
    with engine.client() as api:
        for tags in engine.images(api).values():
            for name in names & set(tags):
                api.images.remove(name, force=True)


def _base(name: str) -> io.BytesIO:
    """A folder to build a base of, as a tar: a shell, and a file that tells which base it is."""
    buffer = io.BytesIO()
    lines = (
        "FROM scratch",
        "COPY busybox /bin/busybox",
        'RUN ["/bin/busybox", "--install", "-s", "/bin"]',
        "COPY base /",
    )
    files = {"Dockerfile": "\n".join(lines).encode(), "base": name.encode()}
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
        tar.add("/bin/busybox", "busybox")
    buffer.seek(0)
    return buffer


@contextmanager
def maven_repository(version: str) -> Iterator[str]:
    """A Maven repository on loopback that has one artifact for whoever has the token; yields its address.

    Maven keeps what it downloads, so the version is one that nobody has yet, and is taken away afterwards.
    """
    wanted = basic("aws", CODEARTIFACT_PASSWORD)
    served = _artifact(version)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = served.get(self.path)
            is_known = self.headers.get("Authorization") == wanted
            self.send_response((200 if found is not None else 404) if is_known else 401)
            if not is_known:
                self.send_header("WWW-Authenticate", 'Basic realm="erp"')
            body = found if is_known and found is not None else b""
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *words: object) -> None:  # noqa: A002 - the name of the library
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/maven/erp/"
        finally:
            server.shutdown()
            forget_artifact()


def forget_artifact() -> None:
    """Take what Maven downloaded out of its cache."""
    shutil.rmtree(Path.home() / ".m2/repository" / GROUP.replace(".", "/"), ignore_errors=True)


def _artifact(version: str) -> dict[str, bytes]:
    """Path -> content of an artifact, with its checksums."""
    jar = io.BytesIO()
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n\n")
    pom = f"""<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>{GROUP}</groupId><artifactId>{ARTIFACT}</artifactId><version>{version}</version></project>
"""
    folder = f"/maven/erp/{GROUP.replace('.', '/')}/{ARTIFACT}/{version}/{ARTIFACT}-{version}"
    files = {f"{folder}.jar": jar.getvalue(), f"{folder}.pom": pom.encode()}
    sums = {f"{path}.sha1": hashlib.sha1(content, usedforsecurity=False).hexdigest() for path, content in files.items()}
    return files | {path: text.encode() for path, text in sums.items()}
