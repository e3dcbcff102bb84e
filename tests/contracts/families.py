"""Which modules make up a family of registered things."""

from __future__ import annotations

import pkgutil
from collections.abc import Collection
from types import ModuleType


def modules_of(package: ModuleType, *, shared: Collection[str] = ("base",)) -> set[str]:
    """Full names of the modules of `package` and its rooms but the `shared` ones, which register nothing."""
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    return {one.name for one in found if not one.ispkg and one.name.rpartition(".")[2] not in shared}
