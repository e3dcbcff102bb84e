"""What smashed data and gradients gave away of two small models: an indication by depth of the cut."""

from __future__ import annotations

from cutwise.leakage.leakage_table import leakage_table
from cutwise.leakage.relative_depth import depth_ratios, family_of

__all__ = ["depth_ratios", "family_of", "leakage_table"]
