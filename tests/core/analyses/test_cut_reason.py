"""Why a cut is there, on a model whose every turn is worked out by hand.

The phone computes 100 FLOP a second, the server 1,000, and 10 bytes pass the link in a second. Of a request,
computing + sending take: all on the server 1.1 + 100 s, after a 2 + 1 s, after b 10.1 + 50 s, all on the
phone 11 + 0 s.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cutwise.analyses.cut_reason import Reason, cut_reasons
from cutwise.analyses.cut_trades import Trade
from cutwise.channels import FixedRate
from cutwise.costs.workload import Workload
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Limits, Privacy, Scenario
from cutwise.schemes.options import scheme_with
from tests.core.fleets import load

OPS = (("a", "x", 100.0, 10.0), ("b", "a", 900.0, 500.0), ("c", "b", 100.0, 4.0))
SCENARIO = Scenario(
    devices=(Device(name="phone", flops_per_s=100.0, samples=1),),
    server=Server(flops_per_s=1000.0),
    channel=FixedRate(uplink_bps=80.0, downlink_bps=80.0),
    workload=Workload(mode="inference", batch_size=1),
    privacy=Privacy(keep_on_device="raw_allowed"),
)


def reason(
    folder: Path, scenario: Scenario = SCENARIO, *, scheme: str = "fast_split", **options: Any
) -> Reason:
    first: list[dict[str, Any]] = [{"id": "x", "kind": "input", "output_bytes": 1000.0}]
    ops = first + [
        {"id": name, "inputs": [reads], "forward_flops": flops, "output_bytes": sent}
        for name, reads, flops, sent in OPS
    ]
    problem = build_problem(load(folder, ops), scenario)
    plan = scheme_with(scheme, options).solve(problem)
    (found,) = cut_reasons(problem, plan, 0, pinned="cut" in options)
    return found


def told(trade: Trade | None) -> tuple[str, float, float]:
    """Where, and how many seconds more computing and sending take there."""
    assert trade is not None
    assert (trade.of, trade.units) == (("computing", "sending"), ("s", "s"))
    return trade.label, *(pytest.approx(amount, rel=1e-9) for amount in trade.amounts)  # type: ignore[return-value]


def test_between_two_rivals_each_tells_what_it_saves_and_costs(tmp_path: Path) -> None:
    """1.1 − 2 and 100 − 1 before; 11 − 2 and 0 − 1 behind, where after b would take 60.1 s."""
    found = reason(tmp_path)
    assert (found.rule, found.label) == ("between", "after a")
    assert told(found.before) == ("all on server", -0.9, 99.0)
    assert told(found.after) == ("all on device", 9.0, -1.0)
    assert found.ruled_out is None


def test_all_on_a_fast_device_nothing_is_worth_sending(tmp_path: Path) -> None:
    """At 1,000 FLOP a second computing takes 1.1 s wherever; after a it sends for 1 s more."""
    fast = replace(SCENARIO, devices=(replace(SCENARIO.devices[0], flops_per_s=1000.0),))
    found = reason(tmp_path, fast)
    assert (found.rule, found.after) == ("all_on_device", None)
    assert told(found.before) == ("after a", 0.0, 1.0)


def test_the_smallest_side_on_a_fast_link(tmp_path: Path) -> None:
    """At 10,000 bytes a second: 1.1 + 0.1 s on the server, 2 + 0.001 s after a."""
    link = replace(SCENARIO, channel=FixedRate(uplink_bps=8e4, downlink_bps=8e4))
    found = reason(tmp_path, link)
    assert (found.rule, found.label, found.before) == ("smallest", "all on server", None)
    assert told(found.after) == ("after a", 0.9, -0.099)


def test_a_pinned_cut_says_what_it_loses_and_which_part_grew_most(tmp_path: Path) -> None:
    """After b: 10 s on the phone, 50 s up, against 1 and 1 after a."""
    found = reason(tmp_path, scheme="split_learning", cut="b")
    assert (found.rule, found.label) == ("pinned", "after b")
    assert told(found.best) == ("after a", 2.0 - 10.1, 1.0 - 50.0)
    assert found.grown is not None
    assert (found.grown.part, found.grown.change) == ("sending smashed data", pytest.approx(49.0))


def test_a_limit_that_rules_out_a_better_cut_is_named(tmp_path: Path) -> None:
    """On the fast link all on the server is best, and sends 1,000 bytes."""
    link = replace(SCENARIO, channel=FixedRate(uplink_bps=8e4, downlink_bps=8e4))
    found = reason(tmp_path, replace(link, limits=Limits(traffic_bytes=600.0)))
    assert (found.label, found.limits) == ("after a", ("traffic",))
    assert told(found.ruled_out) == ("all on server", -0.9, 0.099)


def test_a_limit_that_leaves_one_cut_is_named(tmp_path: Path) -> None:
    """Five bytes may pass, and each cut sends more."""
    found = reason(tmp_path, replace(SCENARIO, limits=Limits(traffic_bytes=5.0)))
    assert (found.rule, found.limits) == ("only_one", ("traffic",))
    wider = reason(tmp_path, replace(SCENARIO, limits=Limits(traffic_bytes=5.0)), scheme="server_only")
    assert (wider.rule, wider.limits) == ("breaks", ("traffic",))


def test_a_deadline_can_leave_one_cut(tmp_path: Path) -> None:
    """In 3 s only the cut after a ends."""
    found = reason(tmp_path, replace(SCENARIO, limits=Limits(deadline_s=3.5)))
    assert (found.rule, found.label, found.limits) == ("only_one", "after a", ("deadline",))


def test_a_scheme_that_fixes_its_cut_says_so(tmp_path: Path) -> None:
    found = reason(tmp_path, scheme="device_only")
    assert found.rule == "scheme"
    assert told(found.best) == ("after a", -9.0, 1.0)


def test_equal_cuts_are_told_as_equal(tmp_path: Path) -> None:
    """With 80 / 8 = 10 bytes a second and the phone at 1,100 / 3 FLOP a second all on it takes 3 s.

    After a: 100 / (1,100 / 3) + 1 + 1 = 2.27 s; so the server is slowed until both are equal:
    3 / 11 + 1,000 / s + 1 = 3 at s = 1,000 / (2 − 3 / 11).
    """
    even = replace(
        SCENARIO,
        devices=(replace(SCENARIO.devices[0], flops_per_s=1100.0 / 3.0),),
        server=Server(flops_per_s=1000.0 / (2.0 - 3.0 / 11.0)),
    )
    found = reason(tmp_path, even)
    assert found.after is not None
    assert found.after.is_equal
