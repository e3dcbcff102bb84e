"""Workers answer as this process does, equal questions once; a long answer can be ended."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import cutwise
from cutwise.errors import CutwiseError, ScenarioError, UnknownNameError
from cutwise.question import Question
from cutwise.scenario.parts import Scenario
from cutwise.schemes import SCHEMES
from cutwise.stated.shipped_scenarios import shipped_scenario
from cutwise_dashboard.executor import questions
from cutwise_dashboard.executor.errand import errand
from cutwise_dashboard.executor.executor import Executor
from cutwise_dashboard.executor.faults import AnswerCancelledError, AnswerLostError
from cutwise_dashboard.executor.flight import Job
from cutwise_dashboard.executor.pool import bytes_for, workers_for
from tests.dashboard.executor import worker_functions as given
from tests.dashboard.executor.conftest import own_answers

PATIENCE_S = 60.0


def answer(executor: Executor, function: Callable[..., Any], *args: Any) -> Any:
    return executor.ask(errand(function, *args), "The test").result(PATIENCE_S)


def until(holds: Callable[[], Any]) -> float:
    """Seconds until it holds."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < PATIENCE_S
        time.sleep(0.005)
    return time.monotonic() - began


def begun(executor: Executor, job: Job) -> int:
    """The process that works on it, once one does."""
    until(lambda: executor.pool.pid_of(job._flight))
    pid = executor.pool.pid_of(job._flight)
    assert pid
    return pid


@cache
def sample() -> Any:
    return cutwise.load_model("sample:vgg16")


def lecture_hall(devices: int = 5) -> Scenario:
    hall = shipped_scenario("lecture_hall")
    named = (replace(hall.devices[i % 5], name=f"d{i}") for i in range(devices))
    return replace(hall, devices=tuple(named))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_worker_answers_as_this_process_does(away: Executor, scheme: str) -> None:
    asked = Question(graph=sample(), scenario=lecture_hall(), scheme=scheme)
    assert answer(away, questions.shown_plan, asked) == questions.shown_plan(asked)
    row = (asked.graph, asked.scenario, scheme)
    assert answer(away, questions.outcome, *row) == questions.outcome(*row)


def test_the_baseline_and_a_pinned_cut_come_back_as_they_are(away: Executor) -> None:
    row = (sample(), lecture_hall())
    assert answer(away, questions.baseline, *row) == questions.baseline(*row)
    graph, scenario = row
    cut = answer(away, questions.shown_plan, Question(graph=graph, scenario=scenario)).decisions[0].cut
    pinned = Question(graph=graph, scenario=scenario, cut=",".join(cut.crossing))
    assert answer(away, questions.shown_plan, pinned) == questions.shown_plan(pinned)


def test_three_hundred_devices_are_answered_by_a_worker(away: Executor) -> None:
    asked = Question(graph=sample(), scenario=lecture_hall(300))
    assert answer(away, questions.shown_plan, asked) == questions.shown_plan(asked)


def test_an_answer_is_kept_and_cannot_be_changed(away: Executor) -> None:
    first = answer(away, given.list_of_one)
    assert first == (1,)
    assert answer(away, given.list_of_one) is first


def test_a_quick_question_is_answered_in_this_process_and_a_slow_one_is_not_the_next_time(
    chain: Any,
) -> None:
    """The prior of three ops and one device is 8.5 ms; the measured 60 ms say otherwise."""
    executor = Executor(answers=own_answers())
    try:
        asked = errand(given.pid_of, chain, "card", 0)
        assert executor.ask(asked).result(PATIENCE_S) == os.getpid()
        executor.estimates.note(asked, 0.06, here=True)
        assert executor.ask(errand(given.pid_of, chain, "card", 1)).result(PATIENCE_S) != os.getpid()
    finally:
        executor.close()


def test_one_model_under_one_scheme_stays_with_its_worker_and_is_sent_once(
    away: Executor, diamond: Any
) -> None:
    seen = {
        (answer(away, given.pid_of, diamond, "card", n), answer(away, given.graph_is, diamond, "card", n))
        for n in range(4)
    }
    assert len(seen) == 1


def test_equal_questions_under_way_are_answered_once(away: Executor, tmp_path: Path) -> None:
    asked = errand(given.counted, str(tmp_path / "calls"), 0.3)
    jobs = [away.ask(asked) for _ in range(5)]
    assert [job.result(PATIENCE_S) for job in jobs] == [1] * 5


def test_who_gives_up_leaves_the_answer_to_those_who_still_wait(away: Executor, tmp_path: Path) -> None:
    asked = errand(given.counted, str(tmp_path / "calls"), 0.3)
    gone, stays = away.ask(asked), away.ask(asked)
    gone.cancel()
    gone.cancel()
    assert stays.result(PATIENCE_S) == 1
    with pytest.raises(AnswerCancelledError, match="cancelled"):
        gone.result()


def test_cancelling_a_plan_of_many_seconds_frees_the_worker_within_one(away: Executor) -> None:
    graph = cutwise.load_model("sample:googlenet")
    asked = Question(graph=graph, scenario=lecture_hall(300), scheme="cluster_parallel")
    job = away.ask(errand(questions.shown_plan, asked))
    pid = begun(away, job)
    assert not job.wait(0.5)
    job.cancel()
    assert job.done
    assert until(lambda: not Path(f"/proc/{pid}").exists()) < 1.0
    assert answer(away, given.doubled, 4.0) == 8.0


def test_a_job_that_waits_is_dropped_and_never_begun(away: Executor, tmp_path: Path) -> None:
    blocking = [away.ask(errand(given.slept, 600.0, name)) for name in "ab"]
    for job in blocking:
        begun(away, job)
    waiting = away.ask(errand(given.counted, str(tmp_path / "calls"), 0.0))
    assert waiting.progress.share == 0.0
    assert "waits for its turn" in waiting.progress.words
    waiting.cancel()
    for job in blocking:
        job.cancel()
    assert answer(away, given.doubled, 5.0) == 10.0
    assert not (tmp_path / "calls").exists()


def test_a_quick_answer_is_not_held_up_by_a_long_one_of_the_same_worker(away: Executor, chain: Any) -> None:
    """Both prefer one worker; the other one takes the second."""
    long = away.ask(errand(given.slept, 600.0, "long"))
    begun(away, long)
    assert answer(away, given.slept, 0.01, "quick") == "quick"
    long.cancel()


def test_a_worker_that_is_killed_is_told_in_a_sentence_and_replaced(away: Executor) -> None:
    job, other = (
        away.ask(errand(given.slept, 600.0, "killed"), "The plan"),
        away.ask(errand(given.slept, 0.5, "other")),
    )
    os.kill(begun(away, job), signal.SIGKILL)
    with pytest.raises(AnswerLostError, match=r"^The plan has no answer: .* was ended; ask again"):
        job.result(PATIENCE_S)
    assert other.result(PATIENCE_S) == "other"
    assert answer(away, given.doubled, 6.0) == 12.0


def test_a_worker_killed_while_it_idles_costs_no_answer(away: Executor) -> None:
    until(lambda: len(away.pool.pids) == 2)
    for pid in away.pool.pids:
        os.kill(pid, signal.SIGKILL)
    assert answer(away, given.doubled, 7.0) == 14.0


def test_errors_come_with_their_type_and_fields(away: Executor) -> None:
    with pytest.raises(UnknownNameError, match=r"^unknown scheme 'gsfll'; did you mean 'gsfl'\?$"):
        answer(away, given.unknown_name)
    with pytest.raises(ScenarioError) as caught:
        answer(away, given.two_mistakes)
    assert caught.value.mistakes == ("rounds: too few", "devices: too many")
    with pytest.raises(ZeroDivisionError) as bug:
        answer(away, given.bug)
    assert "in bug" in bug.value.__notes__[0]
    with pytest.raises(RecursionError):
        answer(away, given.endless)
    with pytest.raises(ValueError, match="<lambda>"):
        answer(away, given.unsendable)


def test_a_worker_takes_no_more_memory_than_it_may(away: Executor) -> None:
    with pytest.raises(AnswerLostError, match=r"it needs more memory than the 3\.22 GB of a worker"):
        answer(away, given.hungry, 4 * 2**30)
    with pytest.raises(AnswerLostError, match="was ended"):
        answer(away, given.suicide)
    assert answer(away, given.doubled, 8.0) == 16.0


def test_progress_says_how_long_the_last_one_took(away: Executor) -> None:
    assert answer(away, given.slept, 0.4, "first") == "first"
    job = away.ask(errand(given.slept, 0.4, "second"), "The plan")
    begun(away, job)
    time.sleep(0.1)
    assert 0.1 < (job.progress.share or 0.0) < 0.9
    assert job.progress.words.startswith("The plan: ")
    assert job.result(PATIENCE_S) == "second"
    assert job.progress.share == 1.0


def test_an_answer_that_takes_longer_than_any_may_is_ended_and_told() -> None:
    executor = Executor(answers=own_answers(), in_process_s=-1.0, workers=1, longest_s=8.0)
    try:
        with pytest.raises(AnswerLostError, match=r"took more than the 8 s that one may take"):
            answer(executor, given.slept, 600.0, "late")
        assert answer(executor, given.doubled, 3.0) == 6.0
    finally:
        executor.close()


def test_what_would_take_more_than_its_budget_is_not_begun(
    away: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = errand(questions.shown_plan, Question(graph=sample(), scenario=lecture_hall(7)))
    monkeypatch.setattr("cutwise_dashboard.executor.estimates.most", lambda name: 10**6)
    with pytest.raises(CutwiseError, match="The test has no answer: it needs more memory than the 4 GB of"):
        away.ask(asked, "The test").result(0.0)


def test_a_machine_has_a_worker_a_core_as_far_as_half_of_its_memory_goes_never_one_alone() -> None:
    gibi = 2**30
    assert workers_for(cores=1, memory_bytes=2 * gibi, each_bytes=4 * gibi) == 2
    assert workers_for(cores=8, memory_bytes=24 * gibi, each_bytes=4 * gibi) == 3
    assert workers_for(cores=64, memory_bytes=1024 * gibi, each_bytes=4 * gibi) == 4


def test_where_memory_is_short_two_workers_share_half_of_it_and_none_has_too_little_to_start() -> None:
    assert bytes_for(workers=2, memory_bytes=16 * 10**9, each_bytes=4 * 10**9) == 4 * 10**9
    assert bytes_for(workers=2, memory_bytes=6 * 10**9, each_bytes=4 * 10**9) == 1_500_000_000
    assert bytes_for(workers=2, memory_bytes=10**9, each_bytes=4 * 10**9) == 10**9
