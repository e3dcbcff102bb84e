"""A figure's names in the words of training or of inference."""

from __future__ import annotations

from typing import Any

from cutwise.plans.inference_words import said


def spoken(option: Any, *, training: bool) -> Any:
    """An ECharts option whose names speak of rounds, or in inference of requests.

    >>> spoken({"yAxis": {"name": "seconds of one round"}, "data": [1]}, training=False)
    {'yAxis': {'name': 'seconds of all requests'}, 'data': [1]}
    """
    if isinstance(option, dict):
        return {
            key: said(value, training=training)
            if key == "name" and isinstance(value, str)
            else spoken(value, training=training)
            for key, value in option.items()
        }
    if isinstance(option, list):
        return [spoken(value, training=training) for value in option]
    return option
