"""Children: their environment, their output, and that none is left."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from erp_build.clients.machine.parallel import map_in_threads, work_beside
from erp_build.clients.process import Result, TimedOut, child_environment, end_running, kill_running, run, tail
from erp_build.clients.way_out import WAY_OUT, NothingBegins

ENVIRONMENT = child_environment()


def python(code: str, timeout: float = 10, keep: int = 4000) -> Result:
    return run([sys.executable, "-c", code], env=ENVIRONMENT, timeout=timeout, keep=keep)


def is_running(process: int) -> bool:
    """Whether a process runs; a zombie that waits for its parent does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for_end(process: int) -> bool:
    end = time.monotonic() + 3
    while is_running(process) and time.monotonic() < end:
        time.sleep(0.01)
    return not is_running(process)


def test_a_child_gives_its_code_and_both_streams() -> None:
    done = python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert done == Result(3, "out", "err")


def test_a_child_that_a_signal_ends_has_its_negative_number() -> None:
    assert python("import os; os.kill(os.getpid(), 9)").code == -9


def test_more_output_than_a_pipe_holds_does_not_stop_the_child() -> None:
    done = python(
        "import sys; sys.stdout.write(('x' * 99 + '\\n') * 3000); sys.stderr.write(('y' * 99 + '\\n') * 3000)"
    )
    assert done.code == 0
    assert len(done.stdout) == len(done.stderr) == 3000 * 100 - 1


def test_only_the_last_lines_are_kept() -> None:
    assert python("for n in range(100): print(n)", keep=3).stdout == "97\n98\n99"


def test_every_line_is_told_while_it_comes() -> None:
    lines = list[str]()
    code = "import sys; print('one'); print('two\\r'); sys.stderr.write('three')"
    run([sys.executable, "-c", code], env=ENVIRONMENT, timeout=10, on_line=lines.append)
    assert sorted(lines) == ["one", "three", "two"]


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    done = python("import os; os.write(1, b'a\\xffb \\xed\\x95\\x9c\\n')")
    assert done.stdout == "a\N{REPLACEMENT CHARACTER}b 한"


def test_a_child_cannot_wait_for_an_answer() -> None:
    assert python("import sys; print(repr(sys.stdin.read()))").stdout == "''"


def test_a_child_runs_where_it_is_told(tmp_path: Path) -> None:
    assert run(["pwd"], env=ENVIRONMENT, cwd=tmp_path, timeout=10).stdout == str(tmp_path)


def test_a_program_that_is_not_there_is_not_found() -> None:
    with pytest.raises(FileNotFoundError, match="no-such-program-at-all"):
        run(["no-such-program-at-all"], env=ENVIRONMENT, timeout=10)


DEAF = "trap '' TERM; echo $$; while :; do sleep 1; done"
FAMILY = [
    pytest.param("sleep 60 & echo $!; wait", id="a grandchild that goes when asked"),
    pytest.param("(trap '' TERM; exec sleep 60) & echo $!; wait", id="a grandchild that does not"),
]


@pytest.mark.parametrize("script", FAMILY)
def test_a_time_out_ends_the_whole_family_and_tells_what_it_had_written(script: str) -> None:
    with pytest.raises(TimedOut, match="ended after 0 s") as caught:
        run(["sh", "-c", script], env=ENVIRONMENT, timeout=0.3)
    assert wait_for_end(int(caught.value.tail))


def test_where_the_kernel_tells_no_end_it_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(process: int) -> int:
        raise PermissionError(process)

    monkeypatch.setattr(os, "pidfd_open", refuse)
    assert python("print('done')").stdout == "done"
    with pytest.raises(TimedOut, match="ended after 0 s"):
        run(["sleep", "60"], env=ENVIRONMENT, timeout=0.1)


@pytest.mark.parametrize("timeout", [-1.0, 0.0])
def test_a_child_without_any_time_is_ended_at_once(timeout: float) -> None:
    with pytest.raises(TimedOut, match="ended after"):
        run(["sleep", "60"], env=ENVIRONMENT, timeout=timeout)


def test_a_child_may_have_more_time_than_the_system_counts() -> None:
    assert python("print('done')", timeout=1e12).stdout == "done"


@pytest.mark.parametrize("script", FAMILY)
def test_an_interruption_ends_the_whole_family(script: str) -> None:
    """As a signal's handler does it: an exception out of the wait."""
    written = list[str]()

    def interrupt(number: int, frame: object) -> None:  # noqa: ARG001 - the signature of a handler
        raise KeyboardInterrupt("by hand")

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with pytest.raises(KeyboardInterrupt, match="by hand"):
            run(["sh", "-c", script], env=ENVIRONMENT, timeout=30, on_line=written.append)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert wait_for_end(int(written[0]))


def test_a_child_that_is_being_ended_when_a_signal_comes_is_ended_all_the_same() -> None:
    written = list[str]()

    def interrupt(number: int, frame: object) -> None:  # noqa: ARG001 - the signature of a handler
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.6)
    try:
        with pytest.raises(KeyboardInterrupt):
            run(["sh", "-c", DEAF], env=ENVIRONMENT, timeout=0.3, grace=30, on_line=written.append)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert is_running(int(written[0]))
    kill_running()
    assert wait_for_end(int(written[0]))
    end_running()


def test_a_child_gets_a_short_list_of_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    environment = child_environment()
    assert "secret" not in environment.values()
    assert "PYTHONPATH" not in environment
    assert environment["PATH"] == os.environ["PATH"]


def test_a_child_gets_the_variables_of_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAVEN_ARGS", "-o")
    monkeypatch.setenv("JAVA_HOME", "/java")
    monkeypatch.setenv("https_proxy", "http://proxy")
    monkeypatch.setenv("NO_PROXY", "localhost")
    environment = child_environment("MAVEN_", MORE="x")
    assert environment["MAVEN_ARGS"] == "-o"
    assert environment["https_proxy"] == "http://proxy"
    assert environment["NO_PROXY"] == "localhost"
    assert environment["MORE"] == "x"
    assert "JAVA_HOME" not in environment


@pytest.mark.parametrize("locale", ["C", "POSIX", "ko_KR.EUC-KR"])
def test_a_child_speaks_utf8_whatever_the_locale(locale: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    assert child_environment()["LC_ALL"] == "C.UTF-8"


def test_a_tail_is_the_last_lines() -> None:
    assert tail("\n".join("abcdef") + "\n\n", 2) == "e\nf"
    assert tail("") == ""


def test_a_listener_that_fails_does_not_stop_the_child_and_is_told_at_its_end() -> None:
    def listen(line: str) -> None:
        raise ValueError(line)

    code = "import sys; sys.stdout.write(('x' * 99 + '\\n') * 3000)"
    with pytest.raises(ValueError, match="x" * 99):
        run([sys.executable, "-c", code], env=ENVIRONMENT, timeout=10, on_line=listen)


def test_after_a_signal_no_other_thread_starts_a_child(tmp_path: Path) -> None:
    made = tmp_path / "made"
    WAY_OUT.begin()
    try:
        with pytest.raises(NothingBegins, match=r"^$"):
            map_in_threads(lambda path: run(["touch", path], env=ENVIRONMENT, timeout=10), [str(made)], 1)
    finally:
        WAY_OUT.forget()
    assert not made.exists()


def test_a_child_that_is_ended_from_two_sides_gets_one_request_to_end(tmp_path: Path) -> None:
    """Some programs leave their clean-up at the second one."""
    asked = tmp_path / "asked"
    script = f"trap 'echo >> {asked}' TERM; echo ready; while :; do sleep 0.05; done"
    ready = threading.Event()
    with work_beside(
        lambda: run(["sh", "-c", script], env=ENVIRONMENT, timeout=30, on_line=lambda _: ready.set())
    ) as ended:
        assert ready.wait(10)
        map_in_threads(lambda _: end_running(), range(2), 2)
        assert ended().code == -9
    assert asked.read_text(encoding="utf-8") == "\n"
