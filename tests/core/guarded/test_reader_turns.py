"""Guarded children in turns: never more at once, first come first served, and whoever leaves is left out."""

from __future__ import annotations

import threading
import time

import pytest

from cutwise.guarded import guarded_process
from cutwise.guarded.documents import document_in
from cutwise.guarded.reader_turns import ReaderTurns


def test_so_many_at_once_and_first_come_first_served() -> None:
    turns, inside, most, order = ReaderTurns(2), set[int](), [0], []
    lock = threading.Lock()

    def work(number: int) -> None:
        with turns.turn():
            with lock:
                order.append(number)
                inside.add(number)
                most[0] = max(most[0], len(inside))
            time.sleep(0.03)
            with lock:
                inside.remove(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
        time.sleep(0.005)  # so that they come in this order
    for thread in threads:
        thread.join(10)
    assert most == [2]
    assert sorted(order) == list(range(8))
    assert all(abs(place - number) <= 1 for place, number in enumerate(order))


def test_whoever_leaves_the_line_holds_up_nobody() -> None:
    turns, polled = ReaderTurns(1), []

    def leave() -> None:
        polled.append(turns.waits)
        raise KeyboardInterrupt

    def leaves() -> None:
        with pytest.raises(KeyboardInterrupt), turns.turn(leave):
            polled.append(None)

    with turns.turn():
        leaving = threading.Thread(target=leaves)
        leaving.start()
        leaving.join(10)
    with turns.turn():
        assert not turns.waits
    assert polled == [True]


def test_a_text_that_is_parsed_apart_waits_for_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = ReaderTurns(1)
    monkeypatch.setattr(guarded_process, "READERS", turns)
    long_text = b"rounds = 3\n#" + b"x" * 20_000
    waited: list[bool] = []
    found: list[object] = []

    def read() -> None:
        found.append(document_in(long_text, name="a.toml", poll=lambda: waited.append(turns.waits)))

    with turns.turn():
        reading = threading.Thread(target=read)
        reading.start()
        while not waited:
            time.sleep(0.01)
        assert not found
    reading.join(60)
    assert found == [{"rounds": 3}]
    assert waited[0]
