"""What a chart or a component is given: only numbers that a browser can read."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

PACKED = {"dtype", "bdata"}
"""How Plotly writes down an array."""
AS_IT_IS = frozenset({str, bool, type(None)})
"""Most of what a payload is made of."""


def finite(value: Any) -> Any:
    """The same payload, None for every number that is not finite, or is too large for a browser.

    Arrays become lists where one of their numbers is left out.

    >>> finite({"data": [1.5, math.inf, {"value": math.nan}], "name": "nan", "sizes": (10**400, 3)})
    {'data': [1.5, None, {'value': None}], 'name': 'nan', 'sizes': [None, 3]}
    """
    if type(value) in AS_IT_IS:
        return value
    if isinstance(value, Mapping):
        if value.keys() >= PACKED:
            return _finite_packed(value)
        return {key: finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [finite(part) for part in value]
    if isinstance(value, np.ndarray):
        return _finite_array(value)
    if isinstance(value, float | int | np.number) and not isinstance(value, bool):
        return value if _fits(value) else None
    return value


def finite_figure(figure: go.Figure) -> go.Figure:
    """The same figure without numbers that are not finite."""
    return go.Figure(finite(figure.to_plotly_json()), skip_invalid=True)


def _finite_packed(packed: Mapping[str, Any]) -> Any:
    array = np.frombuffer(base64.b64decode(packed["bdata"]), dtype=packed["dtype"])
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return packed
    shape = [int(size) for size in str(packed.get("shape", array.size)).split(",")]
    return finite(array.reshape(shape).tolist())


def _finite_array(array: Any) -> Any:
    if array.dtype.kind in "biuSUM" or (array.dtype.kind == "f" and np.isfinite(array).all()):
        return array
    return finite(array.tolist())


def _fits(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
