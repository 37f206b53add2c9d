"""Repositories of other shapes than the sample's, made of a few words: poms, Dockerfiles, charts, values files."""

from collections.abc import Mapping
from pathlib import Path

RUNTIME = "FROM eclipse-temurin:17-jre-alpine\nWORKDIR /app\nCOPY target/*.jar app.jar\nENTRYPOINT java -jar app.jar\n"
LAMBDA = (
    "FROM public.ecr.aws/lambda/java:17\n"
    "COPY --from=public.ecr.aws/awsguru/aws-lambda-adapter:0.8.4 /lambda-adapter /opt/extensions/lambda-adapter\n"
    'COPY target/employee-service-1.0.0.jar /var/task/app.jar\nENTRYPOINT []\nCMD ["java", "-jar", "app.jar"]\n'
)
BOOT = (
    "<build><plugins><plugin><groupId>org.springframework.boot</groupId>"
    "<artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build>"
)
PASSWORD = "made-up-Qv81"


def pom(artifact: str, body: str = BOOT, packaging: str = "jar") -> str:
    """A pom.xml."""
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>com.x</groupId>'
        f"<artifactId>{artifact}</artifactId><version>1</version><packaging>{packaging}</packaging>{body}</project>\n"
    )


def service(path: str, artifact: str = "", body: str = BOOT) -> dict[str, str]:
    """The files of a service: its pom, its Dockerfile and a class."""
    name = artifact or path.rpartition("/")[2]
    return {f"{path}/pom.xml": pom(name, body), f"{path}/Dockerfile": RUNTIME, f"{path}/src/App.java": "class App {}\n"}


def services(*paths: str) -> dict[str, str]:
    """The files of several services."""
    return {name: text for path in paths for name, text in service(path, path.replace("/", "-")).items()}


def write(root: Path, files: Mapping[str, str]) -> None:
    """Write files into a folder that is no repository."""
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="utf-8")


def chart(path: str, values: str, name: str = "shop", file: str = "values.yaml") -> dict[str, str]:
    """The files of a chart."""
    return {f"{path}/Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: 0.1.0\n", f"{path}/{file}": values}


def images(keys: Mapping[str, str]) -> str:
    """A values file with an image for each key: key -> repository."""
    lines = (f"{key}:\n  image:\n    repository: r.example/x/{name}\n    tag: latest\n" for key, name in keys.items())
    return "".join(lines)


def as_is() -> dict[str, str]:
    """The shape of a repository that was not written to be deployed by erp_build."""
    keys = {"approvalRequest": "approval-request", "approvalProcessing": "approval-processing"}
    files: dict[str, str] = {}
    values = "# 개발 환경\nnamespace: erp-dev\nservices:\n"
    for key, name in {**keys, "notification": "notification"}.items():
        files |= service(f"backend/{name}-service")
        values += (
            f"  {key}:\n    enabled: true\n    image:\n"
            f"      repository: 123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/erp/{name}-service\n"
            "      tag: latest  # 배포할 때 바뀜\n      pullPolicy: Always\n"
        )
    values += (
        "  employee:\n    enabled: false\n    image:\n      repository: x/employee-service\n      tag: latest\n"
        f"mongodb:\n  uri: mongodb://erp_app:{PASSWORD}@mongodb.erp.internal:27017/a\n"
        "kafka:\n  image: confluentinc/cp-kafka:7.5.0\n"
    )
    employee = "backend/employee-service"
    return {
        **files,
        f"{employee}/pom.xml": pom("employee-service"),
        f"{employee}/Dockerfile.lambda": LAMBDA,
        "backend/proto/approval.proto": 'syntax = "proto3";\n',
        **chart("helm-chart", values, "erp-microservices", "values-dev.yaml"),
        "helm-chart/templates/deployment.yaml": "kind: Deployment\n",
        "frontend/package.json": "{}\n",
        "frontend/deploy.sh": "aws s3 sync dist/ s3://x --delete\n",
        "buildspec.yml": (
            "env:\n  parameter-store:\n    CLUSTER: /erp/dev/eks/cluster-name\nphases:\n  post_build:\n    commands:\n"
            "      - helm upgrade --install erp-microservices helm-chart -f helm-chart/values-dev.yaml -n erp-dev\n"
        ),
        "infrastructure/main.tf": (
            'resource "aws_lambda_function" "employee" {\n  function_name = "erp-dev-employee-service"\n'
            '  image_uri = "${aws_ecr_repository.services["employee-service-lambda"].repository_url}:latest"\n}\n'
        ),
        "docs/배포_가이드.md": "배포\n",
    }


def reactor() -> dict[str, str]:
    """A root pom with modules, of which two are services and one is a library of both."""
    parent = "<parent><groupId>com.x</groupId><artifactId>shop</artifactId><version>1</version></parent>"
    used = "<dependency><groupId>com.x</groupId><artifactId>shop-model</artifactId></dependency>"
    library = f"<dependencies>{used}</dependencies>"
    modules = "<modules><module>orders</module><module>users</module><module>shop-model</module></modules>"
    return {
        "pom.xml": pom("shop", modules + BOOT, "pom"),
        **service("orders", body=parent + library),
        **service("users", body=parent),
        "shop-model/pom.xml": pom("shop-model", parent),
        "shop-model/src/Order.java": "class Order {}\n",
        **chart("chart", images({"orders": "orders", "users": "users"})),
    }
