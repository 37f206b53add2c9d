"""`logs`: what the pods of the release and the functions print, in order of time."""

from erp_build.cli.console import Console
from erp_build.cli.options import UNIT, CommonOptions, flag, option
from erp_build.deployment.logs.find_logs import Wanted
from erp_build.deployment.logs.reading import LogReading, mask_secrets_of
from erp_build.errors import ConfigurationError
from erp_build.formats.logs.moments import nanoseconds_of, since
from erp_build.formats.logs.severity import is_error
from erp_build.report.text.logs import event_document, event_text

EXAMPLES = """\
examples:
  erp-build logs
  erp-build logs approval-request-service --since 1h --errors
  erp-build logs --follow
  erp-build logs --since 2026-11-29T17:40 --json | jq -r 'select(.error) | .text'
  erp-build logs --cloudwatch --since 1d

A line has its time (UTC), marks, who printed it, and what. "+" marks a pod that began within the time that is shown, or
a function's environment that started in it; "<" what comes after newer lines because it was sent late. A stack trace
stays with its message. Masked are the secrets of the variables of functions and containers, of values files and of the
values that the release runs with, and what looks like one. Pods are read from the cluster, with the end of a container
that was started again; --cloudwatch reads them where Fluent Bit sends them, those that are gone as well. What may not
be read is said. Ctrl-C ends --follow.
"""


class Options(CommonOptions):
    """The options of `logs`."""

    names: list[str] = option(
        "names", default=[], metavar="TARGET", nargs="*", help="services, functions or objects of the release (all)"
    )
    since: str = option(
        "--since", default="10m", metavar="TIME", help="from when: 90s, 10m, 1h30m, 2d, or a date and time (10m)"
    )
    follow: bool = option(
        "-f", "--follow", default=False, action="store_true", help="go on with what is printed, until Ctrl-C"
    )
    errors: bool = flag("--errors", "only errors, with their stack traces")
    cloudwatch: bool = flag("--cloudwatch", "the lines of pods from CloudWatch, where Fluent Bit sends them")
    group: str = option(
        "--group", default="", metavar="NAME", help="the log group of the pods (what the release's Fluent Bit says)"
    )
    json: bool = flag("--json", "print each event as JSON, on a line of its own")
    unit: str | None = UNIT


def main(options: Options, console: Console) -> None:
    """Print the events, one by one."""
    begin = since(options.since, console.clock.now())
    if begin is None:
        raise ConfigurationError(
            f"--since {options.since}: this is no time that has passed",
            where="the command line",
            next_step="a duration such as 90s, 10m, 1h30m or 2d, or a moment such as 2026-11-29T17:40 (UTC)",
        )
    wanted = Wanted(
        names=tuple(dict.fromkeys(options.names)),
        since=nanoseconds_of(begin),
        from_cloudwatch=options.cloudwatch or bool(options.group),
        group=options.group,
    )
    with console.site(console.release_or_function(options.unit)) as site:
        mask_secrets_of(site)
        reading = LogReading(site, wanted)
        # Where nothing is printed, no write tells that `head` has seen enough.
        events = reading.follow(console.output.has_reader) if options.follow else reading.once()
        for event in events:
            if options.errors and not is_error(event.lines):
                continue
            if options.json:
                console.print_json(event_document(event))
            else:
                # Masked as a whole: no single line of a private key looks secret.
                console.print(event_text(event, console.secrets.shown("\n".join(event.lines))))
            if console.output.is_over:
                return
