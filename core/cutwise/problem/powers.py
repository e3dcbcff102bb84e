"""What parties and radios draw, as numbers."""

from __future__ import annotations

from cutwise.arrays import Floats, Number, party_column
from cutwise.caches import kept
from cutwise.energy import Amplifier, ClockLaw, Radio, RadioDraw
from cutwise.fields.checked_columns import with_checked
from cutwise.hardware.profiles import Profile
from cutwise.problem.power_conditions import PowerConditions
from cutwise.scenario.energy_part import Energy
from cutwise.scenario.parties import Device, Edge, Party, Server

OWN_RADIO = {
    "amplifier_ratio": "amplifier_ratio",
    "radio_circuit_power_w": "circuit_power_w",
    "receive_power_w": "receive_power_w",
}
"""What a device may give of its radio, and what the amplifier calls it."""


@kept
def power_conditions(
    devices: tuple[Device, ...], server: Server, energy: Energy, network_power_w: float
) -> PowerConditions:
    """What all draw; what is not given comes from the catalogue, at the load that the clock's law takes."""
    return powers_of(devices, server, energy, network_power_w)


def powers_of(
    devices: tuple[Device, ...], server: Server, energy: Energy, network_power_w: Number
) -> PowerConditions:
    """The same, kept for nobody: a single device and the server may be given in rows."""
    rows = [drawn_w(one, energy.clock) for one in devices]
    radios = [radio_draw(one, energy.radio) for one in devices]
    server_w, server_idle_w = drawn_w(server, energy.clock)
    return PowerConditions(
        device_power_w=party_column(above for above, _ in rows),
        device_idle_power_w=party_column(idle for _, idle in rows),
        radio_connected_w=party_column(one.connected_w for one in radios),
        sending_power_w=party_column(one.sending_w for one in radios),
        receiving_power_w=party_column(one.receiving_w for one in radios),
        uplink_j_per_bit=party_column(one.uplink_j_per_bit for one in radios),
        downlink_j_per_bit=party_column(one.downlink_j_per_bit for one in radios),
        network_power_w=network_power_w,
        server_power_w=server_w,
        server_idle_power_w=server_idle_w,
    )


@kept
def edge_powers_w(edges: tuple[Edge, ...], clock: ClockLaw) -> tuple[Floats, Floats]:
    """Watts above idle and idle of every edge, arrays of shape (edges,)."""
    rows = [drawn_w(edge, clock) for edge in edges]
    return party_column(above for above, _ in rows), party_column(idle for _, idle in rows)


def drawn_w(party: Party, clock: ClockLaw) -> tuple[float, float]:
    """Watts above idle under load, and idle, of one party.

    >>> from cutwise.energy import PaperLaw, StaticLaw
    >>> rtx = Server(profile="rtx_a6000")  # 300 W at most, 22 W idle
    >>> [drawn_w(rtx, law) for law in (StaticLaw(), PaperLaw())]
    [(188.0, 22.0), (278.0, 22.0)]
    """
    profile = party.catalogue_row()
    above_w = above_idle_w(profile, clock) if party.compute_power_w is None else party.compute_power_w
    return above_w, profile.idle_power_w if party.idle_power_w is None else party.idle_power_w


def above_idle_w(profile: Profile, clock: ClockLaw) -> float:
    """Watts above idle of a catalogue row under the load that a law takes."""
    load_w = profile.training_power_w if clock.load == "training" else profile.power_w
    return max(load_w - profile.idle_power_w, 0.0)


def radio_draw(device: Device, radio: Radio) -> RadioDraw:
    """What a device's radio draws: that of all, or its own amplifier where it gives figures of one."""
    given = {own: getattr(device, name) for name, own in OWN_RADIO.items()}
    own = {name: value for name, value in given.items() if value is not None}
    if own:
        radio = with_checked(radio if isinstance(radio, Amplifier) else Amplifier(), own)
    return radio.draw(transmit_power_w=device.transmit_power_w)
