"""What an answer takes of this machine, before it is begun: of the order measured on the samples."""

from __future__ import annotations

from collections.abc import Mapping

from cutwise.frozen import FrozenDict

LEAST_S, A_OP_S = 0.005, 0.001
A_DEVICE_S = 0.0005
A_DEVICE_BY_SCHEME_S: Mapping[str, float] = FrozenDict(
    {
        "random_cut": 0.0015,
        "block_wise_split": 0.0018,
        "u_shape": 0.006,
        "cluster_parallel": 0.0025,
        "gsfl": 0.0025,
    }
)
"""Measured with 100 to 10,000 devices on 70 and 421 ops; who groups devices may take far longer."""
LEAST_BYTES, AN_OP_BYTES, A_DEVICE_BYTES = 30_000_000, 20_000, 20_000


def expected_s(*, ops: int, devices: int, scheme: str) -> float:
    """Seconds of a first answer by ops and devices; a scheme that tries every split may take far longer.

    >>> round(expected_s(ops=70, devices=1000, scheme="fast_split"), 3)
    0.575
    """
    each_s = A_DEVICE_BY_SCHEME_S.get(scheme, A_DEVICE_S)
    return LEAST_S + A_OP_S * ops + each_s * devices


def expected_bytes(*, ops: int, devices: int) -> float:
    """Bytes that an answer holds at its peak.

    >>> expected_bytes(ops=70, devices=10_000)
    231400000
    """
    return LEAST_BYTES + AN_OP_BYTES * ops + A_DEVICE_BYTES * devices
