"""This machine measured: generic layers forward and backward, and the constants fitted to them."""

from __future__ import annotations

import datetime
import platform
from collections.abc import Mapping, Sequence

from cutwise.arrays import Floats
from cutwise.calibration.calibration_file import Calibration, calibration_of
from cutwise.calibration.class_priors import class_prior, profile_prior
from cutwise.calibration.rate_fit import fit_rates
from cutwise.calibration.runs.generic_layers import BLOCKS, STARTS, generic_layers
from cutwise.calibration.runs.measured_ops import OpSeconds, check_runs, measured_ops
from cutwise.calibration.timed_rows import TimedRow
from cutwise.costs.graph_cost import GraphCost, price
from cutwise.costs.workload import Workload
from cutwise.frozen import FrozenDict
from cutwise.hardware.profiles import hardware

BATCH_SIZES = (1, 8)
FORWARD = ("forward_flops", "moved_bytes", "read_bytes", "launches")
BACKWARD = ("backward_flops", "backward_moved_bytes", "backward_read_bytes", "backward_launches")
CLASSES: Mapping[str, str] = FrozenDict(
    {"x86_64": "cpu_x86", "amd64": "cpu_x86", "aarch64": "cpu_arm_pytorch", "arm64": "cpu_arm_pytorch"}
)
"""What Python calls a processor → its class."""
LEAST_S = 1e-7
"""What no clock tells from nothing."""


def calibrate_here(
    *, name: str, device: str = "cpu", profile: str = "", most_s: float = 0.005, date: str = ""
) -> Calibration:
    """The constants of this machine as PyTorch runs it: about ten seconds of computing.

    `profile` is its row of the hardware catalogue, where it has one. Raises `CutwiseError` where PyTorch is
    not installed, and `UnknownNameError` for a profile that is none.
    """
    known = hardware()[profile] if profile else None
    check_runs(device)
    prior = profile_prior(known) if known else class_prior(_class_here(device))
    rows = measured_rows(device=device, most_s=most_s)
    return calibration_of(
        fit_rates(rows, prior),
        name=name,
        machine=machine_here(device),
        profile=profile,
        software=software_here(),
        date=date or datetime.date.today().isoformat(),
        source="cutwise calibrate: generic layers on this machine",
    )


def measured_rows(*, device: str = "cpu", most_s: float = 0.005) -> list[TimedRow]:
    """A row for every generic block at every batch size, forward alone and with its backward pass."""
    graph = generic_layers()
    names = [op.id for op in graph.ops if op.block]
    rows: list[TimedRow] = []
    for batch_size in BATCH_SIZES:
        cost = price(graph, Workload(batch_size=batch_size))
        found = measured_ops(
            graph, names, batch_size=batch_size, training=True, device=device, most_s=most_s
        ).values()
        by_block = (
            [one for one in found if graph.ops[graph.index[one.op]].block == block] for block in BLOCKS
        )
        rows += [row for block in by_block for row in rows_of(cost, block)]
    return rows


def rows_of(cost: GraphCost, measured: Sequence[OpSeconds]) -> list[TimedRow]:
    """Ops that were run one after another as two rows with what they did: forward, and the whole step.

    Starting an op takes much longer in training than without, so of small ops the step alone counts. Empty
    for no ops.
    """
    if not measured:
        return []
    at = [cost.graph.index[one.op] for one in measured]
    block = cost.graph.ops[at[0]].block
    forward_s = sum(one.forward_s for one in measured)
    step_s = forward_s + sum(one.backward_s for one in measured)
    passes = {"forward": (forward_s, FORWARD), "step": (step_s, (*FORWARD, *BACKWARD))}
    return [
        TimedRow(
            name=f"{block}, {label}, batch {measured[0].batch_size}",
            measured_s=took_s,
            batch_size=measured[0].batch_size,
            **{name: float(_column(cost, name)[at].sum()) for name in columns},
        )
        for label, (took_s, columns) in passes.items()
        if took_s > LEAST_S and (label, block) != ("forward", STARTS)
    ]


def _column(cost: GraphCost, name: str) -> Floats:
    if name == "backward_flops":
        return cost.backward_input_flops + cost.backward_weight_flops
    found: Floats = getattr(cost, name)
    return found


def _class_here(device: str) -> str:
    if device.startswith("cuda"):
        return "jetson_gpu" if "tegra" in platform.release().lower() else "desktop_gpu"
    return CLASSES.get(platform.machine().lower(), "cpu_x86")


def machine_here(device: str = "cpu") -> str:
    """What this machine is called, as far as it says so itself."""
    if device.startswith("cuda"):
        import torch

        return str(torch.cuda.get_device_name(device))
    return _processor() or platform.processor() or platform.machine() or "a processor"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            return next(
                (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), ""
            )
    except OSError:
        return ""


def software_here() -> str:
    """What runs ops here, with how many threads."""
    import torch

    return f"torch {torch.__version__}, {torch.get_num_threads()} threads"
