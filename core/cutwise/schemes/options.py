"""A scheme with its options, which are its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cutwise.options import with_options
from cutwise.schemes.base import SCHEMES, Scheme


def scheme_with(name: str, options: Mapping[str, Any]) -> Scheme:
    """The scheme called `name` with these options; text is turned into the option's type.

    Raises `UnknownNameError` for a scheme or option that does not exist, `ScenarioError` for a value that
    does not fit.
    """
    built: Scheme = with_options(SCHEMES, name, options)
    return built
