"""How many rounds training takes: real split and federated training, and the table it made."""

from __future__ import annotations

from cutwise.convergence.table import RoundsToTarget, rounds_to_target

__all__ = ["RoundsToTarget", "rounds_to_target"]
