"""Options that several schemes have; each use is a field of its own."""

from __future__ import annotations

from typing import Any

from cutwise.units import quantity


def cut_option() -> Any:
    """The field of a given cut."""
    return quantity(
        "", title="Cut after",
        help="Op ids, comma-separated: these and all they depend on stay on every device; empty: the best",
    )  # fmt: skip


def common_cut_option() -> Any:
    """The field that asks for one cut for all devices."""
    return quantity(False, title="One cut for all", help="Give every device the same cut")


def certify_option() -> Any:
    """The field that asks for a proof."""
    return quantity(True, title="Certify", help="Prove the answer by max-flow or CP-SAT")
