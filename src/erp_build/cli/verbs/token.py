"""`token`: sign in to a cluster, for kubectl and Helm (a client-go credential plugin)."""

from erp_build.cli.console import Console
from erp_build.cli.options import CommonOptions, option
from erp_build.clients.aws.session import open_session
from erp_build.clients.kubernetes.kubeconfig import cluster_token

EXAMPLES = """\
examples:
  erp-build token --cluster erp-dev

The kubeconfig of a run calls it, so that no AWS CLI is needed. Keep the output secret: for 14 minutes it gives anybody
access to the cluster.
"""


class Options(CommonOptions):
    """The options of `token`."""

    cluster: str = option("--cluster", required=True, metavar="NAME", help="the EKS cluster")


def main(options: Options, console: Console) -> None:
    """Print an ExecCredential."""
    console.print_secret(cluster_token(open_session(), options.cluster).as_exec_credential())
