"""What bands rest on, in words: at which level each party's time is known, and what a link delivers."""

from __future__ import annotations

from cutwise.channels.base import Channel
from cutwise.hardware.profiles import Profile
from cutwise.problem.split_problem import SplitProblem
from cutwise.scenario.parties import Party
from cutwise.scenario.time_levels import (
    TIME_LEVELS,
    TimeBand,
    backward_band_of,
    band_of,
    class_of,
    level_of,
)


def basis_of(problem: SplitProblem, device: int) -> tuple[tuple[str, str], ...]:
    """At which level the time of one device and of the server is known, and what the link delivers."""
    scenario = problem.scenario
    one, server = scenario.devices[device], scenario.server
    rows = (
        (scenario.device_names[device], one, one.catalogue_row()),
        (server.name, server, server.catalogue_row()),
    )
    workload, measured = problem.workload, problem.cost.measured_s.any()
    told = (
        (
            name,
            "measured op by op"
            if measured
            else basis_text(party, known, dtype=workload.compute, training=workload.training),
        )
        for name, party, known in rows
    )
    return (*told, ("link", link_text(scenario.channel)))


def link_text(channel: Channel) -> str:
    """What a link delivers of the rate that a plan takes, and who measured it.

    >>> from cutwise.channels import FixedRate
    >>> link_text(FixedRate())
    '0.89 to 0.99 of its nominal rate is delivered in use (TCP over a paced link, our testbed)'
    """
    low, high = channel.load_band
    return f"{low:.2g} to {high:.2g} of its nominal rate is delivered in use ({channel.load_source})"


def basis_text(party: Party, profile: Profile, *, dtype: str, training: bool) -> str:
    """What a party's compute time rests on, in a number format and in training or not.

    >>> from cutwise.hardware.profiles import hardware
    >>> from cutwise.scenario.parties import Server
    >>> basis_text(Server(profile="v100"), hardware()["v100"], dtype="fp32", training=True)
    'data sheet by class of hardware (Server GPU; measured seconds 0.82 to 1.5 of predicted)'
    """
    level, band = level_of(party), band_of(party, profile, dtype)
    told = [f"measured seconds {_span(band)} of predicted"]
    if level == "datasheet":
        known = class_of(party, profile)
        told = [known.title, f"{told[0]}{'' if known.tested else ', not tested'}"]
    if level == "forward_fitted" and training:
        of_class, wide = class_of(party, profile).title, backward_band_of(party, profile, dtype)
        told.append(f"backward passes {_span(wide)}, by {of_class}")
    told += filter(None, [format_text(party, profile, dtype)])
    return f"{TIME_LEVELS[level].title} ({'; '.join(told)})"


def format_text(party: Party, profile: Profile, dtype: str) -> str:
    """What is done with a speed that was measured in another number format; empty for the same one.

    >>> from cutwise.hardware.profiles import hardware
    >>> from cutwise.scenario.parties import Device
    >>> board = Device(profile="raspberry_pi_5", flops_per_s=1e11, fitted_dtype="fp32")
    >>> format_text(board, hardware()["raspberry_pi_5"], "fp16")
    'measured in fp32; for fp16 its speed is taken × 2, as its peaks are'
    """
    measured, ratio = party.fitted_dtype, party.format_ratio(profile, dtype)
    if measured in (None, dtype):
        return ""
    if ratio is None:
        return f"measured in {measured} and taken as it is for {dtype}, as no peaks are known"
    if ratio == 1:
        return f"measured in {measured}; its peak in {dtype} is listed as no other"
    return f"measured in {measured}; for {dtype} its speed is taken × {ratio:.3g}, as its peaks are"


def _span(band: TimeBand) -> str:
    return f"{band.low_ratio:.2g} to {band.high_ratio:.2g}"
