"""etcd, the API server, the controller manager and the scheduler, on loopback addresses."""

import json
import secrets
import ssl
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from sandbox.cluster.network import NODE_ADDRESS
from sandbox.cluster.paths import API_CERTIFICATES, HOME, KUBELET_CLIENT, PKI, VOLUME_PLUGINS
from sandbox.endpoints import API_SERVER_PORT, CLUSTER, SIGN_IN_ADDRESS
from sandbox.machine import processes
from sandbox.machine.private_file import write_private
from sandbox.paths import ADMIN_KUBECONFIG

ENDPOINT = f"https://127.0.0.1:{API_SERVER_PORT}"
ETCD = "http://127.0.0.1:12379"
ETCD_PEER = "http://127.0.0.1:12380"
_TOKENS = PKI / "tokens.csv"
_WEBHOOK = PKI / "sign-in.kubeconfig"
_ACCOUNT_KEY = PKI / "service-account.key"


def start(programs: Path) -> None:
    """Start the API server on its etcd and return when it answers; `programs` is the folder of the binaries."""
    _make_keys()
    _start_etcd()
    _start_api_server(programs)
    processes.wait_until(_answers, "kube-apiserver")
    ADMIN_KUBECONFIG.touch(mode=0o600)
    write_private(ADMIN_KUBECONFIG, json.dumps(_admin_kubeconfig(), indent=1))


def start_controllers(programs: Path) -> None:
    """Start what turns a Deployment into pods and puts these on the node."""
    kubeconfig = f"--kubeconfig={ADMIN_KUBECONFIG}"
    common = (kubeconfig, "--leader-elect=false", "--bind-address=127.0.0.1")
    processes.start("kube-scheduler", [programs / "kube-scheduler", *common])
    processes.start(
        "kube-controller-manager",
        [
            programs / "kube-controller-manager",
            *common,
            "--controllers=*,-nodeipam",  # the network plug-in of the one node gives out the addresses
            f"--service-account-private-key-file={_ACCOUNT_KEY}",
            f"--root-ca-file={API_CERTIFICATES}",
            f"--flex-volume-plugin-dir={VOLUME_PLUGINS}",
        ],
    )


def stop() -> None:
    """End all four, the clients first."""
    for name in ("kube-controller-manager", "kube-scheduler", "kube-apiserver", "etcd"):
        processes.stop(name)
    ADMIN_KUBECONFIG.unlink(missing_ok=True)


def _make_keys() -> None:
    if _TOKENS.exists():
        return
    PKI.mkdir(parents=True, exist_ok=True)
    PKI.chmod(0o700)
    _openssl("genrsa", "-out", str(_ACCOUNT_KEY), "2048")
    # Signed by itself: the kubelet takes this one certificate as the authority of its only client.
    key = str(KUBELET_CLIENT.with_suffix(".key"))
    name = ("-subj", "/O=system:masters/CN=kube-apiserver", "-days", "3650")
    _openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", str(KUBELET_CLIENT), *name)
    webhook = {"cluster": {"server": f"{SIGN_IN_ADDRESS}/authenticate"}, "user": {}}
    write_private(_WEBHOOK, json.dumps(_kubeconfig(webhook), indent=1))
    write_private(_TOKENS, f'{secrets.token_hex(16)},admin,admin,"system:masters"\n')


def _start_etcd() -> None:
    argv: list[str | Path] = [
        "etcd",
        *("--data-dir", HOME / "etcd"),
        *("--listen-client-urls", ETCD, "--advertise-client-urls", ETCD),
        *("--listen-peer-urls", ETCD_PEER, "--initial-advertise-peer-urls", ETCD_PEER),
        *("--initial-cluster", f"default={ETCD_PEER}"),
        "--unsafe-no-fsync",  # a sandbox that loses its power is made anew
    ]
    processes.start("etcd", argv)


def _start_api_server(programs: Path) -> None:
    argv: list[str | Path] = [
        programs / "kube-apiserver",
        f"--etcd-servers={ETCD}",
        f"--secure-port={API_SERVER_PORT}",
        "--bind-address=127.0.0.1",
        f"--advertise-address={NODE_ADDRESS}",  # else it asks for a default route, which a machine may lack
        "--endpoint-reconciler-type=none",  # a loopback address cannot be an endpoint of the service `kubernetes`
        f"--cert-dir={API_CERTIFICATES.parent}",
        f"--service-account-key-file={_ACCOUNT_KEY}",
        f"--service-account-signing-key-file={_ACCOUNT_KEY}",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-cluster-ip-range=10.96.0.0/16",
        f"--token-auth-file={_TOKENS}",
        f"--authentication-token-webhook-config-file={_WEBHOOK}",
        "--authentication-token-webhook-version=v1",
        "--authentication-token-webhook-cache-ttl=1s",
        "--authorization-mode=Node,RBAC",
        "--allow-privileged=true",
        f"--kubelet-client-certificate={KUBELET_CLIENT}",
        f"--kubelet-client-key={KUBELET_CLIENT.with_suffix('.key')}",
        "--kubelet-preferred-address-types=Hostname",
    ]
    processes.start("kube-apiserver", argv)


def _answers() -> bool:
    if not API_CERTIFICATES.exists():
        return False
    try:
        trust = ssl.create_default_context(cafile=str(API_CERTIFICATES))
        with urllib.request.urlopen(f"{ENDPOINT}/readyz", timeout=2, context=trust) as answer:
            return bool(answer.read() == b"ok")
    except (OSError, urllib.error.HTTPError):
        return False


def _admin_kubeconfig() -> dict[str, object]:
    token = _TOKENS.read_text(encoding="utf-8").split(",")[0]
    return _kubeconfig(
        {"cluster": {"server": ENDPOINT, "certificate-authority": str(API_CERTIFICATES)}, "user": {"token": token}},
    )


def _kubeconfig(entry: dict[str, dict[str, str]]) -> dict[str, object]:
    """A kubeconfig of one cluster and one user; JSON is YAML."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CLUSTER, "cluster": entry["cluster"]}],
        "users": [{"name": "sandbox", "user": entry["user"]}],
        "contexts": [{"name": CLUSTER, "context": {"cluster": CLUSTER, "user": "sandbox"}}],
        "current-context": CLUSTER,
    }


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
