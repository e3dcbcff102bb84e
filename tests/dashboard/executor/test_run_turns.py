"""Runs take turns: first come, first served, none held up for ever, others at work while one waits."""

from __future__ import annotations

import threading
import time

from cutwise_dashboard.executor.run_turns import RunTurns

LONG_S = 20.0


def test_runs_work_one_after_another_in_the_order_in_which_they_came() -> None:
    turns, order, at_once, most = RunTurns(longest_s=LONG_S), [], 0, 0
    came = [threading.Event() for _ in range(6)]

    def run(number: int) -> None:
        nonlocal at_once, most
        came[number].set()
        with turns.turn():
            at_once += 1
            most = max(most, at_once)
            order.append(number)
            time.sleep(0.005)
            at_once -= 1

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    with turns.turn():
        for thread, is_here in zip(threads, came, strict=True):
            thread.start()
            is_here.wait()
            time.sleep(0.02)
    for thread in threads:
        thread.join()
    assert (order, most) == (list(range(6)), 1)


def test_a_run_that_waits_for_a_process_lets_others_work() -> None:
    turns, done = RunTurns(longest_s=LONG_S), threading.Event()

    def other() -> None:
        with turns.turn():
            done.set()

    thread = threading.Thread(target=other)
    with turns.turn():
        thread.start()
        assert not done.wait(0.05)
        with turns.paused():
            assert done.wait(LONG_S)
    thread.join()


def test_figures_of_all_come_before_the_rest_of_any_and_no_rest_waits_for_ever() -> None:
    turns, order, came = RunTurns(longest_s=LONG_S), [], threading.Semaphore(0)

    def run(number: int) -> None:
        came.release()
        with turns.turn():
            time.sleep(0.02)
            order.append(f"figures {number}")
            turns.let_others_first()
            order.append(f"rest {number}")

    threads = [threading.Thread(target=run, args=(number,)) for number in range(3)]
    with turns.turn():
        for thread in threads:
            thread.start()
            came.acquire()
            time.sleep(0.02)
    for thread in threads:
        thread.join(LONG_S)
    assert order == [
        *(f"figures {number}" for number in range(3)),
        *(f"rest {number}" for number in range(3)),
    ]


def test_whoever_works_for_long_goes_on_beside_the_others_who_take_turns() -> None:
    turns, end, order = RunTurns(longest_s=0.1), threading.Event(), []

    def endless() -> None:
        with turns.turn():
            end.wait(LONG_S)

    def other(number: int) -> None:
        with turns.turn():
            order.append(number)
            time.sleep(0.02)
            order.append(number)

    threads = [threading.Thread(target=endless)]
    threads += [threading.Thread(target=other, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
        time.sleep(0.01)
    for thread in threads[1:]:
        thread.join(LONG_S)
    assert order == [0, 0, 1, 1, 2, 2, 3, 3]
    end.set()
    threads[0].join()
    with turns.turn():
        order.append(4)
    assert order[-1] == 4


def test_pausing_outside_a_turn_changes_nothing() -> None:
    turns = RunTurns(longest_s=LONG_S)
    with turns.paused(), turns.turn():
        pass
    with turns.turn():
        pass
