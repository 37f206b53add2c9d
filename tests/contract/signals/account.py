"""What the stand-in answers: an account and a cluster in which a run gets to its end."""

import base64
import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from erp_build.model.images.image import REVISION_LABEL
from tests.contract.signals.stand_in import Asked, StandIn

ACCOUNT, REGION = "123456789012", "eu-central-1"
PARAMETERS = {
    "account-id": ACCOUNT,
    "region": REGION,
    "eks/cluster-name": "erp-dev",
    "ecr/repository-prefix": "erp",
    "project-name": "erp",
    "environment": "dev",
}
UNKNOWN = "0" * 39 + "1"
"""The commit of what runs; only the remote may have it."""

CONFIG, IMAGE = "sha256:" + "c" * 64, "sha256:" + "1" * 64
MEDIA_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
MANIFEST = json.dumps({"schemaVersion": 2, "mediaType": MEDIA_TYPE, "config": {"digest": CONFIG}, "layers": []})
NAMESPACE = "/apis/apps/v1/namespaces/erp-dev"
NO_POLICY = json.dumps({"__type": "LifecyclePolicyNotFoundException", "message": "there is none"}).encode()
XML = '<{0}Response xmlns="https://x/"><{0}Result>{1}</{0}Result></{0}Response>'
META = {"annotations": {"meta.helm.sh/release-name": "erp", "deployment.kubernetes.io/revision": "1"}}
LEASE = "/apis/coordination.k8s.io/v1/namespaces/erp-dev/leases"

HELM = """\
#!{python} -IS
import json, os, sys, time, urllib.request
verb = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
if "--dry-run=server" in sys.argv:
    verb = "dry-run"
with urllib.request.urlopen("{address}/helm/" + verb) as answer:
    told = json.load(answer)
note = os.path.join(os.path.dirname(os.path.realpath(__file__)), "description")
if verb == "upgrade":
    open(note, "w").write(json.dumps(sys.argv[sys.argv.index("--description") + 1]))
if verb == "history" and os.path.exists(note):
    told["out"] = told["out"].replace('"description": ""', '"description": ' + open(note).read())
sys.stdout.write(told["out"])
sys.stderr.write(told["err"])
sys.exit(told["code"])
"""
"""It asks the stand-in what to do, so that it misbehaves as that does. A real Helm ends at TERM; this one does too.

A revision has the description that the upgrade gave it.
"""


class Account:
    """The state behind the answers.

    Args:
        server: the stand-in, which gets them.
    """

    def __init__(self, server: StandIn) -> None:
        self._server = server
        self._is_upgraded = False
        self._tagged_latest: set[str] = set()
        self._lease: dict[str, Any] = {}
        self._version = 0
        self._image = f"{self.host}/erp/b@{'sha256:' + '0' * 64}"
        self._manifests: dict[str, bytes] = {}
        server.answers.update(self._aws() | self._registry() | self._cluster() | self._helm() | self._engine())

    @property
    def host(self) -> str:
        """The registry's host."""
        return self._server.address.partition("://")[2]

    def put_helm_into(self, folder: Path) -> None:
        """Make the program `helm`."""
        folder.mkdir()
        program = folder / "helm"
        program.write_text(HELM.format(python=sys.executable, address=self._server.address), encoding="utf-8")
        program.chmod(0o755)

    def _aws(self) -> dict[str, Any]:
        token = base64.b64encode(b"AWS:invented-password").decode()
        access = {"proxyEndpoint": self._server.address, "authorizationToken": token, "expiresAt": 4_000_000_000}
        return {
            "GetCallerIdentity": XML.format("GetCallerIdentity", f"<Account>{ACCOUNT}</Account>").encode(),
            "GetParameters": {"Parameters": [{"Name": f"/erp/dev/{k}", "Value": v} for k, v in PARAMETERS.items()]},
            "GetAuthorizationToken": {"authorizationData": [access]},
            "BatchGetImage( latest)?": self._images,
            "PutImage( latest)?": self._tag_image,
            "BatchGetRepositoryScanningConfiguration": {"scanningConfigurations": [{"scanFrequency": "SCAN_ON_PUSH"}]},
            "GetRegistryScanningConfiguration": {"scanningConfiguration": {"scanType": "BASIC"}},
            "GetLifecyclePolicy": (400, NO_POLICY),
            "DescribeImages": {"imageDetails": [{"imageDigest": IMAGE, "imagePushedAt": 1_700_000_000}]},
            "StartImageScan": {},
            "DescribeImageScanFindings": {
                "imageScanStatus": {"status": "COMPLETE"},
                "imageScanFindings": {
                    "imageScanCompletedAt": 4_000_000_000,
                    "findings": [],
                    "findingSeverityCounts": {},
                },
            },
            f"GET /v2/.*/blobs/{CONFIG}": self._configuration,
            "GET /clusters/erp-dev": {
                "cluster": {
                    "name": "erp-dev",
                    "status": "ACTIVE",
                    "endpoint": self._server.address,
                    "certificateAuthority": {"data": base64.b64encode(b"none").decode()},
                }
            },
            "GET /2015-03-31/functions/b": self._function,
            "(try )?PUT /2015-03-31/functions/b/code": self._update,
            "FilterLogEvents": {"events": []},
            "DescribeAlarms": {"MetricAlarms": [], "CompositeAlarms": []},
            "Publish": XML.format("Publish", "<MessageId>1</MessageId>").encode(),
        }

    def _registry(self) -> dict[str, Any]:
        """What a push asks that no engine makes."""
        begun = (202, b"", {"Location": "/v2/erp/a/blobs/uploads/1"})
        return {
            "POST /v2/erp/a/blobs/uploads/": begun,
            "PUT /v2/erp/a/blobs/uploads/1": (201, b""),
            "(GET|PUT) /v2/erp/a/manifests/.*": self._manifest,
        }

    def _manifest(self, asked: Asked) -> tuple[int, bytes, dict[str, str]]:
        verb, _, path = asked.operation.partition(" ")
        if verb == "PUT":
            self._manifests[f"sha256:{hashlib.sha256(asked.body).hexdigest()}"] = asked.body
            return 201, b"", {}
        found = self._manifests.get(path.rpartition("/")[2])
        return (200, found, {"Content-Type": MEDIA_TYPE}) if found else (404, b"", {})

    def _configuration(self, _: Asked) -> dict[str, Any]:
        labels = {REVISION_LABEL: UNKNOWN}
        return {"os": "linux", "architecture": "amd64", "config": {"Labels": labels}}

    def _tag_image(self, asked: Asked) -> dict[str, Any]:
        request = json.loads(asked.body)
        self._tagged_latest |= {request["repositoryName"]} if request["imageTag"] == "latest" else set()
        return {"image": {"imageId": {"imageDigest": IMAGE}}}

    def _images(self, asked: Asked) -> dict[str, Any]:
        request = json.loads(asked.body)
        wanted = request["imageIds"]
        there = [one for one in wanted if self._has(request["repositoryName"], one.get("imageTag", ""))]
        image = {"imageManifest": MANIFEST, "imageManifestMediaType": MEDIA_TYPE}
        return {
            "images": [{"imageId": {**one, "imageDigest": IMAGE}, **image} for one in there],
            "failures": [{"imageId": one, "failureCode": "ImageNotFound"} for one in wanted if one not in there],
        }

    def _has(self, repository: str, tag: str) -> bool:
        """Whether there is an image with a tag; with a digest (no tag) there always is."""
        is_latest = tag == "latest" and repository in self._tagged_latest
        return not tag or is_latest or (tag == self.tag and self._is_upgraded)

    def _function(self, _: Asked) -> dict[str, Any]:
        configuration = {"FunctionName": "b", "PackageType": "Image", "State": "Active", "RevisionId": "1",
                         "LastUpdateStatus": "Successful", "Architectures": ["x86_64"]}  # fmt: skip
        return {"Configuration": configuration, "Code": {"ImageUri": self._image, "ResolvedImageUri": self._image}}

    def _update(self, asked: Asked) -> dict[str, Any]:
        request = json.loads(asked.body)
        if not request.get("DryRun"):
            self._image = request["ImageUri"]
        return {"FunctionName": "b"}

    def _helm(self) -> dict[str, Any]:
        def says(out: str = "", err: str = "", code: int = 0) -> dict[str, Any]:
            return {"out": out, "err": err, "code": code}

        def upgrade(_: Asked) -> dict[str, Any]:
            self._is_upgraded = True
            return says()

        def history(_: Asked) -> dict[str, Any]:
            revisions = [{"revision": 1, "status": "deployed", "description": "", "updated": ""}]
            return says(json.dumps(revisions)) if self._is_upgraded else says(err="release: not found", code=1)

        return {
            "GET /helm/version": says("v3.19.0"),
            "GET /helm/history": history,
            "GET /helm/lint": says(),
            "GET /helm/template": lambda _: says(json.dumps(self._rendered())),
            "GET /helm/dry-run": lambda _: says(json.dumps({"manifest": json.dumps(self._rendered())})),
            "GET /helm/get": lambda _: says() if self._is_upgraded else says(err="release: not found", code=1),
            "GET /helm/upgrade": upgrade,
            "GET /helm/rollback": says(),
            "GET /maven": {},
        }

    def _cluster(self) -> dict[str, Any]:
        def items(make: Callable[[], dict[str, Any]]) -> Callable[[Asked], dict[str, Any]]:
            return lambda _: {"kind": "List", "items": [make()] if self._is_upgraded else []}

        return {
            "GET /api": {"versions": ["v1"]},
            "GET /apis": {"groups": []},
            "GET /apis/apps/v1": {"resources": [{"name": "deployments", "kind": "Deployment", "namespaced": True}]},
            f"GET {NAMESPACE}/deployments": items(self._deployment),
            f"GET {NAMESPACE}/replicasets": items(lambda: {"metadata": META | _named("a-1", "set", "a")}),
            "GET /api/v1/namespaces/erp-dev/pods": items(self._pod),
            "GET /api/v1/namespaces/.*": {"kind": "List", "items": []},
            "GET /apis/(autoscaling|discovery).*": {"kind": "List", "items": []},
            "GET /api/v1/nodes": {"kind": "List", "items": []},
            "GET /version/": {"gitVersion": "v1.34.0"},
            "POST /apis/authorization.*": {"status": {"allowed": True}},
            f"(GET|PUT|POST) {LEASE}.*": self._leases,
        }

    def _deployment(self) -> dict[str, Any]:
        spec = {"replicas": 1, **self._template()}
        counts = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
        return {"metadata": META | {"name": "a", "uid": "a", "generation": 1}, "spec": spec, "status": counts}

    def _rendered(self) -> dict[str, Any]:
        """What the chart makes: the Deployment, as JSON is YAML too."""
        return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": self._template()}

    def _template(self) -> dict[str, Any]:
        container = {"name": "a", "image": self._tagged(), "readinessProbe": {"tcpSocket": {"port": 80}}}
        return {"template": {"spec": {"containers": [container]}}}

    def _tagged(self) -> str:
        return f"{self.host}/erp/a:{self.tag}"

    tag = ""

    def _pod(self) -> dict[str, Any]:
        image_id = f"{self.host}/erp/a@{IMAGE}"
        container = {"name": "a", "image": self._tagged(), "imageID": image_id, "ready": True, "restartCount": 0}
        return {"metadata": _named("a-1-x", "pod", "set"), "status": {"containerStatuses": [container]}}

    def _leases(self, asked: Asked) -> tuple[int, dict[str, Any]]:
        if not asked.operation.startswith("GET"):
            self._version += 1
            self._lease = json.loads(asked.body)
            self._lease["metadata"]["resourceVersion"] = str(self._version)
        return (200, self._lease) if self._lease else (404, {})

    def _engine(self) -> dict[str, Any]:
        image = {"Id": "sha256:" + "9" * 64, "Os": "linux", "Architecture": "amd64", "Size": 1, "RepoDigests": []}
        built = json.dumps({"stream": "Successfully built 999999999999\n"})
        pushed = json.dumps({"aux": {"Digest": IMAGE}})
        return {
            "(GET|HEAD) (/v[0-9.]+)?/_ping": b"OK",
            "GET (/v[0-9.]+)?/version": {"ApiVersion": "1.44", "MinAPIVersion": "1.24", "Version": "29.0.0"},
            "GET /v[0-9.]+/images/.*/json": image,
            "GET /v[0-9.]+/images/json": [],
            "POST /v[0-9.]+/build": f"{built}\n".encode(),
            "POST /v[0-9.]+/images/.*/push": f"{pushed}\n".encode(),
        }


def _named(name: str, uid: str, owner: str) -> dict[str, Any]:
    return {"name": name, "uid": uid, "ownerReferences": [{"controller": True, "uid": owner}]}
