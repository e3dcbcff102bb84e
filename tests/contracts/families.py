"""Which modules make up a family of registered things."""

from __future__ import annotations

import pkgutil
from collections.abc import Collection
from types import ModuleType


def modules_of(package: ModuleType, *, shared: Collection[str] = ("base",)) -> set[str]:
    """Full names of the modules of `package` but the `shared` ones, which register nothing."""
    names = {found.name for found in pkgutil.iter_modules(package.__path__)}
    return {f"{package.__name__}.{name}" for name in names - set(shared)}
