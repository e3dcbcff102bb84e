"""What bands rest on, in words: at which level each party's time is known, and what a link delivers."""

from __future__ import annotations

from cutwise.channels.base import Channel
from cutwise.hardware.profiles import Profile
from cutwise.problem.split_problem import SplitProblem
from cutwise.scenario.parties import Party
from cutwise.scenario.time_levels import TIME_LEVELS, band_of, class_of, level_of


def basis_of(problem: SplitProblem, device: int) -> tuple[tuple[str, str], ...]:
    """At which level the time of the device looked at and of the server is known, and what a link delivers."""
    scenario = problem.scenario
    one, server = scenario.devices[device], scenario.server
    rows = (
        (scenario.device_names[device], one, one.catalogue_row()),
        (server.name, server, server.catalogue_row()),
    )
    measured = problem.cost.measured_s.any()
    told = ((name, "measured op by op" if measured else basis_text(p, known)) for name, p, known in rows)
    return (*told, ("link", link_text(scenario.channel)))


def link_text(channel: Channel) -> str:
    """What a link delivers of the rate that a plan takes, and who measured it.

    >>> from cutwise.channels import FixedRate
    >>> link_text(FixedRate())
    '0.89 to 0.99 of its nominal rate is delivered in use (TCP over a paced link, our testbed)'
    """
    low, high = channel.load_band
    return f"{low:.2g} to {high:.2g} of its nominal rate is delivered in use ({channel.load_source})"


def basis_text(party: Party, profile: Profile) -> str:
    """What a party's compute time rests on.

    >>> from cutwise.hardware.profiles import hardware
    >>> from cutwise.scenario.parties import Server
    >>> basis_text(Server(profile="v100"), hardware()["v100"])
    'data sheet by class of hardware (Server GPU; measured seconds 0.82 to 1.5 of predicted)'
    """
    level, band = level_of(party), band_of(party, profile)
    told = f"measured seconds {band.low_ratio:.2g} to {band.high_ratio:.2g} of predicted"
    if level == "datasheet":
        known = class_of(party, profile)
        told = f"{known.title}; {told}{'' if known.tested else ', not tested'}"
    return f"{TIME_LEVELS[level].title} ({told})"
