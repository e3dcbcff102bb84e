"""What a chip says of its group in a few words."""

from __future__ import annotations

from dataclasses import fields

from cutwise.compression import Uncompressed
from cutwise.problem.numbers import device_columns, server_numbers
from cutwise.scenario.parts import LayerDepth
from cutwise.units import facts_of
from cutwise_dashboard.format import quantity_text, readable, seconds_text
from cutwise_dashboard.strip.context import Context
from cutwise_dashboard.strip.values import spread_text, value_text

LONGEST_NAME = 22
MOST_SECONDS = 999.5
"""Up to so many a deadline is told in seconds, which are shorter than minutes with seconds."""


def model(context: Context) -> str:
    """The model by name."""
    name = readable(context.stated.model.label)
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def scheme(context: Context) -> str:
    return readable(context.stated.scheme)


def work(context: Context) -> str:
    """Training or inference, and the batch."""
    workload = context.scenario.workload
    tuned = ", LoRA" if workload.training and workload.tuning.kind == "lora" else ""
    return f"{workload.mode.capitalize()}{tuned}, batch {workload.batch_size}"


def link(context: Context) -> str:
    """The rates or bands up and down."""
    channel = context.scenario.channel
    names = [f.name for f in fields(channel) if f.name.startswith(("uplink_b", "downlink_b"))][:2]
    texts = [value_text(getattr(channel, name), facts_of(channel, name)["unit"]) for name in names]
    coded = context.scenario.compression.codec
    more = "" if isinstance(coded, Uncompressed) else f", {readable(coded.kind)}"
    if not texts:
        return f"{readable(channel.kind)}{more}"
    return "  ".join(f"{arrow} {text}" for arrow, text in zip("↑↓", texts, strict=False)) + more


def devices_title(context: Context) -> str:
    count = len(context.scenario.devices)
    return f"{count} devices" if count > 1 else "Device"


def devices(context: Context) -> str:
    """The slowest and the fastest speed."""
    columns = device_columns(context.scenario.devices, context.scenario.workload)
    return spread_text(columns.flops_per_s.tolist(), "flops_per_s")


def server_title(context: Context) -> str:
    edges = len(context.scenario.edges)
    return f"Cloud, {edges} edge{'s' * (edges > 1)}" if edges else "Server"


def server(context: Context) -> str:
    known = server_numbers(context.scenario.server, context.scenario.workload.compute)
    return quantity_text(known.flops_per_s, "FLOP/s")


def privacy(context: Context) -> str:
    """What stays on the device."""
    kept = context.scenario.privacy.keep_on_device
    if isinstance(kept, tuple):
        return f"{len(kept)} op{'s' * (len(kept) > 1)} stay{'s' * (len(kept) == 1)}"
    layers = kept.layers if isinstance(kept, LayerDepth) else int(kept == "first_layer")
    if not layers:
        return "raw data may leave"
    return f"{layers} layer{'s' * (layers > 1)} stay{'s' * (layers == 1)}"


def goal(context: Context) -> str:
    """What is minimised, and until when a round has to end."""
    text = {"delay": "Least delay", "energy": "Least energy", "weighted": "Delay and energy"}
    deadline = context.scenario.limits.deadline_s
    until = ""
    if deadline is not None:
        short = deadline < MOST_SECONDS
        written = quantity_text(deadline, "s") if short else seconds_text(deadline)
        until = f", ≤ {written}"
    return f"{text[context.scenario.objective.kind]}{until}"
