"""What each device does in its turn of a round, taken from a plan: seconds of every stage of an iteration."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np

from cutwise.arrays import Floats, Ints, Number
from cutwise.digests import EqualByDigest, freeze
from cutwise.errors import SolverError
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import SplitProblem


@dataclass(frozen=True, eq=False, kw_only=True)
class Turns(EqualByDigest):
    """Columns of shape (devices,), read-only: seconds of one iteration, and of the model's two transfers.

    `server_s` is what the plan's share of the server takes, `server_alone_s` what the whole server
    takes. `uplink_latency_s` and `downlink_latency_s` are the part of a transfer that each message pays
    anew, however little it carries. Two sets of turns are equal when their digests are.

    Raises `SolverError` for columns of different lengths and for a device without iterations.
    """

    devices: tuple[str, ...]
    iterations: Ints
    model_down_s: Floats
    device_forward_s: Floats
    uplink_s: Floats
    server_s: Floats
    server_alone_s: Floats
    downlink_s: Floats
    device_backward_s: Floats
    model_up_s: Floats
    uplink_latency_s: Floats
    downlink_latency_s: Floats
    digest: str = field(init=False, default="")

    def __post_init__(self) -> None:
        digest = hashlib.sha256(repr(self.devices).encode())
        for name in COLUMNS:
            values = np.array(getattr(self, name), dtype=np.int64 if name == "iterations" else np.float64)
            if values.shape != (len(self.devices),):
                raise SolverError(
                    f"{name} has shape {values.shape}; give one value for each of {len(self.devices)} devices"
                )
            freeze(self, name, values)
            digest.update(values.tobytes())
        object.__setattr__(self, "digest", digest.hexdigest())
        idle = np.flatnonzero(self.iterations < 1)
        if len(idle):
            name, count = self.devices[idle[0]], self.iterations[idle[0]]
            raise SolverError(f"{name} has {count} iterations a round; a device needs at least 1, or no turn")

    def __len__(self) -> int:
        return len(self.devices)

    @property
    def delay_s(self) -> Floats:
        """Seconds of every turn when nothing waits and each device has its share of the server."""
        iteration_s = (
            self.device_forward_s + self.uplink_s + self.server_s + self.downlink_s + self.device_backward_s
        )
        return self.model_down_s + self.iterations * iteration_s + self.model_up_s


COLUMNS = tuple(f.name for f in fields(Turns) if f.name not in ("devices", "digest"))


def planned_turns(problem: SplitProblem, plan: Plan) -> Turns:
    """The turns of a plan under the problem's iterations and message latencies."""
    channel = problem.scenario.channel
    return turns_of(
        plan,
        iterations=problem.iterations.astype(int).tolist(),
        micro_batches=problem.micro_batches,
        uplink_latency_s=channel.uplink_latency_s,
        downlink_latency_s=channel.downlink_latency_s,
    )


def turns_of(
    plan: Plan,
    *,
    iterations: Sequence[int] | Ints,
    micro_batches: int = 1,
    uplink_latency_s: Number = 0.0,
    downlink_latency_s: Number = 0.0,
) -> Turns:
    """The turns of the plan's devices, each with its number of iterations a round.

    A plan states seconds a round: an iteration takes an equal part of them. The model's exchange is
    divided between its two directions by their rates. Latencies are those of one message; a plan pays one for
    each micro-batch, turns state one an iteration. Raises `SolverError` as `Turns` does.
    """
    if len(iterations) != len(plan.decisions):
        raise SolverError(f"{len(iterations)} numbers of iterations for {len(plan.decisions)} devices")
    each = np.maximum(np.asarray(iterations, dtype=np.int64), 1)
    up_bps = np.array([decision.uplink_bps for decision in plan.decisions])
    down_bps = np.array([decision.downlink_bps for decision in plan.decisions])
    server_share = np.array([decision.server_share for decision in plan.decisions])
    sync_s = _column(plan, "model_sync_s")
    # An exchange of the same bytes down and up takes 1/down_bps to 1/up_bps; nothing is 0 s at any rate.
    down_ratio = np.divide(up_bps, up_bps + down_bps, out=np.zeros(len(sync_s)), where=sync_s > 0)
    model_down_s = sync_s * down_ratio
    up_latency_s, uplink_s = _one_message(plan, "uplink_s", each, micro_batches, uplink_latency_s)
    down_latency_s, downlink_s = _one_message(plan, "downlink_s", each, micro_batches, downlink_latency_s)
    beyond = ("edge_compute_s", "backhaul_s", "server_compute_s")
    server_s = sum(_column(plan, name) for name in beyond) / each
    return Turns(
        devices=tuple(decision.device for decision in plan.decisions),
        iterations=np.asarray(iterations),
        model_down_s=model_down_s,
        device_forward_s=_column(plan, "device_forward_s") / each,
        uplink_s=uplink_s,
        server_s=server_s,
        server_alone_s=server_s * server_share,
        downlink_s=downlink_s,
        device_backward_s=_column(plan, "device_backward_s") / each,
        model_up_s=sync_s - model_down_s,
        uplink_latency_s=up_latency_s,
        downlink_latency_s=down_latency_s,
    )


def _one_message(
    plan: Plan, stage: str, each: Ints, micro_batches: int, latency_s: Number
) -> tuple[Floats, Floats]:
    """The latency of a message, 0 where none is sent, and a transfer's seconds with one of them."""
    seconds = _column(plan, stage) / each
    paid_s: Floats = np.minimum(seconds / micro_batches, latency_s)
    return paid_s, seconds - (micro_batches - 1) * paid_s


def _column(plan: Plan, name: str) -> Floats:
    return np.array([getattr(stage, name) for stage in plan.stages], dtype=np.float64)
