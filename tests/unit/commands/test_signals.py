"""A signal ends a run once: what follows it is not heard on the way out."""

import signal
from collections.abc import Iterator

import pytest

from erp_build.commands.signals import signals_raise
from erp_build.errors import Interrupted


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_raises_and_the_next_ones_do_not(number: signal.Signals) -> None:
    with pytest.raises(Interrupted) as caught, signals_raise():
        signal.raise_signal(number)
    assert caught.value.code == 128 + number
    for again in (signal.SIGINT, signal.SIGTERM):
        signal.raise_signal(again)


def test_without_a_signal_everything_is_as_it_was() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with signals_raise():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before
