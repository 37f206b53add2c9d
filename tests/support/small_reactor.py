"""A small reactor: a parent, an imported BOM, two layers of shared modules, three services, and one that is alone."""

GROUP = "com.erp"
SERVICES = ("order", "stock", "mail")
CONFIG = (
    "".join(f'[[service]]\npath = "backend/{name}-service"\n' for name in SERVICES) + '[[service]]\npath = "alone"\n'
)


def pom(artifact: str, *inside: str, parent: str = "root", path: str = "../../pom.xml", packaging: str = "jar") -> str:
    """The text of a pom; without a parent it says group and version itself."""
    own = f"<groupId>{GROUP}</groupId><version>1</version>"
    above = (
        f"<parent><groupId>{GROUP}</groupId><artifactId>{parent}</artifactId><version>1</version>"
        f"<relativePath>{path}</relativePath></parent>"
    )
    kind = f"<packaging>{packaging}</packaging>"
    return f"<project>{above if parent else own}<artifactId>{artifact}</artifactId>{kind}{''.join(inside)}</project>\n"


def dependency(artifact: str, more: str = "") -> str:
    """A dependency on a module of the repository."""
    return f"<dependency><groupId>{GROUP}</groupId><artifactId>{artifact}</artifactId>{more}</dependency>"


def dependencies(*rows: str) -> str:
    """Dependencies."""
    return f"<dependencies>{''.join(rows)}</dependencies>"


def files() -> dict[str, str]:
    """The files of the reactor: order and stock use `common`, which uses `base`; mail uses neither."""
    modules = ("libs/base", "libs/common", *(f"backend/{name}-service" for name in SERVICES))
    named = "".join(f"<module>{path}</module>" for path in modules)
    spring = "<dependency><groupId>org.spring</groupId><artifactId>starter</artifactId></dependency>"
    imported = dependency("bom", "<version>1</version><type>pom</type><scope>import</scope>")
    managed = f"<dependencyManagement>{dependencies(imported)}</dependencyManagement>"
    own = {
        "pom.xml": pom("root", f"<modules>{named}</modules>", managed, parent="", packaging="pom"),
        "bom/pom.xml": pom("bom", parent="", packaging="pom"),
        "libs/base/pom.xml": pom("base"),
        "libs/common/pom.xml": pom("common", dependencies(dependency("base"), spring)),
        "backend/order-service/pom.xml": pom("order-service", dependencies(dependency("common"), spring)),
        "backend/stock-service/pom.xml": pom(
            "stock-service", dependencies(spring, dependency("common", "<scope>test</scope>"))
        ),
        "backend/mail-service/pom.xml": pom("mail-service", dependencies(spring)),
        "alone/pom.xml": pom("alone", dependencies(spring), parent=""),
        "erp-build.toml": CONFIG,
        "helm-chart/values-dev.yaml": "x: 1\n",
        ".gitignore": "target/\n",
    }
    sources = {f"{path.rpartition('/')[0]}/src/main/App.java": "class App {}\n" for path in own if "/pom.xml" in path}
    return own | sources
