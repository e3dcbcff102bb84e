"""How near two numbers count as equal: every tolerance by its name and reason."""

from __future__ import annotations

LOSS_ROUNDING = 1e-9
