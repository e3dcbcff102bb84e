"""The figures of a turn as numbers in a row, and back."""

from __future__ import annotations

from cutwise.plans.stages import StageTimes


def test_numbers_go_to_the_fields_they_come_from() -> None:
    """Fifteen figures, then six kinds of memory of device, server and edge."""
    stages = StageTimes.of_numbers(range(33))
    assert stages.numbers == tuple(range(33))
    seconds = (stages.device_forward_s, stages.uplink_s, stages.server_compute_s, stages.downlink_s)
    assert (*seconds, stages.device_backward_s, stages.model_sync_s) == (0, 1, 2, 3, 4, 5)
    joules = (stages.device_energy_j, stages.radio_energy_j, stages.server_energy_j, stages.network_energy_j)
    assert (*joules, stages.traffic_bytes) == (6, 7, 8, 9, 10)
    others = (stages.edge_compute_s, stages.backhaul_s, stages.waiting_s, stages.overlap_s)
    assert others == (11, 12, 13, 14)
    assert stages.device_memory.weights_bytes == 15
    assert stages.server_memory.weights_bytes == 21
    assert stages.edge_memory.weights_bytes == 27
