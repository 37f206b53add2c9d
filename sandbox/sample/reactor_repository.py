"""A third sample, made and not kept: a reactor of Maven, and a service that its Dockerfile makes alone.

Its poms have their parent in another folder, `build/parent`. Two of the three services with Maven use the module
`common`. Each answers on port 8080; a program of the JDK's own classes needs no framework, and Spring Boot's plugin
packs it.
"""

from pathlib import Path

from sandbox.aws.ecr.hosts import MIRRORS
from sandbox.endpoints import REGISTRY_HOST
from sandbox.sample.erp_repository import CHART, CONFIG, VALUES, begin, commit, discard_changes, replace, write_files

USERS, OTHER, PAGE = ("order-service", "stock-service"), "mail-service", "page-service"
"""Services that use the module; one that does not; one without Maven."""

WITH_MAVEN = (*USERS, OTHER)
SERVICES = (*WITH_MAVEN, PAGE)

MODULE, PARENT = Path("common"), Path("build/parent/pom.xml")
GREETING = MODULE / "src/main/java/shop/common/Greeting.java"

PROJECT = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
{}
</project>
"""
OWN_PARENT = """  <parent>
    <groupId>shop</groupId><artifactId>parent</artifactId><version>1.0.0</version>
    <relativePath>{}build/parent</relativePath>
  </parent>
"""
PARENT_POM = """  <parent>
    <groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-parent</artifactId>
    <version>3.3.13</version><relativePath/>
  </parent>
  <groupId>shop</groupId><artifactId>parent</artifactId><version>1.0.0</version><packaging>pom</packaging>
  <properties>
    <java.version>17</java.version>
    <project.build.outputTimestamp>2025-01-01T00:00:00Z</project.build.outputTimestamp>
  </properties>"""
ROOT_POM = (
    "  <groupId>shop</groupId><artifactId>shop</artifactId><version>1.0.0</version><packaging>pom</packaging>\n  "
)
COMMON = """  <dependencies>
    <dependency><groupId>shop</groupId><artifactId>common</artifactId><version>${project.version}</version></dependency>
  </dependencies>
"""
PLUGIN = """  <build>
    <plugins>
      <plugin><groupId>org.springframework.boot</groupId><artifactId>spring-boot-maven-plugin</artifactId></plugin>
    </plugins>
  </build>"""

LIBRARY = """package shop.common;

public final class Greeting {
    public static String from(String name) {
        return "hello from " + name;
    }
}
"""
PROGRAM = """package shop.%(package)s;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;

/** Answers every request with the same line. */
public final class Main {
    public static void main(String[] words) throws IOException {
        String text = %(text)s;
        String head = "HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: " + text.length();
        byte[] answer = (head + "\\r\\n\\r\\n" + text).getBytes();
        try (ServerSocket server = new ServerSocket(8080)) {
            while (true) {
                try (Socket caller = server.accept()) {
                    caller.getInputStream().read(new byte[4096]);
                    caller.getOutputStream().write(answer);
                } catch (IOException gone) {
                    System.err.println(gone);
                }
            }
        }
    }
}
"""
DOCKERFILE = """FROM eclipse-temurin:17-jre
WORKDIR /app
USER 10001
ENTRYPOINT ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx64m", "-jar", "app.jar"]
COPY target/*.jar app.jar
"""
PAGE_DOCKERFILE = """FROM eclipse-temurin:17-jre AS build
WORKDIR /source
COPY page.txt .
RUN mkdir /www && sed 's/NAME/page-service/' page.txt > /www/index.html

FROM scratch
COPY --from=build /bin/busybox /bin/busybox
COPY --from=build /www /www
USER 10001
ENTRYPOINT ["/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/www"]
"""

SERVICE_TABLE = '[[service]]\npath = "services/{}"\n'
CONFIGURATION = """parameters = "/{tenant}/dev"

{services}
[chart]
namespace = "{tenant}-dev"
stable = "1s"

[deploy]
lock_expires = "5s"

[build.mirrors]
"docker.io" = "{hub}"
"""
CHART_YAML = "apiVersion: v2\nname: erp-microservices\nversion: 1.0.0\n"
TEMPLATE = """{{- range $key, $service := .Values.services }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $service.name }}
  namespace: {{ $.Release.Namespace }}
spec:
  replicas: 1
  selector:
    matchLabels:
      app: {{ $service.name }}
  template:
    metadata:
      labels:
        app: {{ $service.name }}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: {{ $service.name }}
          image: "{{ $service.image.repository }}:{{ $service.image.tag }}"
          ports:
            - name: http
              containerPort: 8080
          readinessProbe:
            httpGet:
              path: /
              port: http
            periodSeconds: 1
            timeoutSeconds: 3
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $service.name }}
  namespace: {{ $.Release.Namespace }}
spec:
  selector:
    app: {{ $service.name }}
  ports:
    - name: http
      port: 80
      targetPort: http
{{- end }}
"""
SERVICE_VALUES = """  {key}:
    name: {name}
    image:
      repository: {host}/{tenant}/{name}
      tag: latest
"""


def make(folder: Path, tenant: str) -> str:
    """Write the sample into a new folder, as a repository on `main` with one commit; returns the commit's id."""
    write_files(folder, _files(tenant))
    return begin(folder, "상점: 모듈 하나와 네 서비스")


def change_module(repo: Path, text: str) -> str:
    """Let the shared module say something else; returns the commit's id."""
    discard_changes(repo)
    replace(repo / GREETING, '(?<=")[^"]*(?= from )', text)
    return commit(repo, "common: 인사말 변경")


def change_parent_and_page(repo: Path, text: str) -> str:
    """Change a property of the parent, and the page; returns the commit's id."""
    discard_changes(repo)
    replace(repo / PARENT, r"(?=</properties>)", f"  <shop.note>{text}</shop.note>\n  ")
    replace(repo / "services" / PAGE / "page.txt", r"\Z", f"{text}\n")
    return commit(repo, "parent: 속성 추가")


def _files(tenant: str) -> dict[str, str]:
    """Path -> text of everything."""
    modules = ("build/parent", str(MODULE), *(f"services/{name}" for name in WITH_MAVEN))
    listed = "".join(f"<module>{path}</module>" for path in modules)
    library = OWN_PARENT.format("../") + "  <artifactId>common</artifactId>"
    files = {
        ".gitignore": "target/\nerp-build-report/\n",
        "pom.xml": PROJECT.format(f"{ROOT_POM}<modules>{listed}</modules>"),
        str(PARENT): PROJECT.format(PARENT_POM),
        f"{MODULE}/pom.xml": PROJECT.format(library),
        str(GREETING): LIBRARY,
        str(CONFIG): _configuration(tenant),
        f"{CHART}/Chart.yaml": CHART_YAML,
        f"{CHART}/templates/services.yaml": TEMPLATE,
        str(VALUES): _values(tenant),
        f"services/{PAGE}/Dockerfile": PAGE_DOCKERFILE,
        f"services/{PAGE}/page.txt": "hello from NAME\n",
    }
    for name in WITH_MAVEN:
        files |= _service(name)
    return files


def _service(name: str) -> dict[str, str]:
    """Path -> text of a service with Maven."""
    package = name.partition("-")[0]
    text = f'shop.common.Greeting.from("{name}")' if name in USERS else f'"hello from {name}"'
    pom = f"{OWN_PARENT.format('../../')}  <artifactId>{name}</artifactId>\n{COMMON if name in USERS else ''}{PLUGIN}"
    return {
        f"services/{name}/pom.xml": PROJECT.format(pom),
        f"services/{name}/src/main/java/shop/{package}/Main.java": PROGRAM % {"package": package, "text": text},
        f"services/{name}/Dockerfile": DOCKERFILE,
    }


def _configuration(tenant: str) -> str:
    tables = "\n".join(map(SERVICE_TABLE.format, WITH_MAVEN))
    page = f'{SERVICE_TABLE.format(PAGE)}package = "none"\n'
    return CONFIGURATION.format(tenant=tenant, services=f"{tables}\n{page}", hub=MIRRORS["docker.io"])


def _values(tenant: str) -> str:
    given = {name.partition("-")[0]: name for name in SERVICES}
    blocks = (
        SERVICE_VALUES.format(key=key, name=name, host=REGISTRY_HOST, tenant=tenant) for key, name in given.items()
    )
    return "services:\n" + "".join(blocks)
