"""The stories that can be told: what each is called, and how it is told. A new one is a file and a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cutwise.frozen import FrozenDict
from cutwise_dashboard.views.learn import minimum_cut_story, rate_story


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A story: its title, the script that draws it, and everything that the script draws and says."""

    title: str
    script: str
    told: Callable[[], dict[str, Any]]


STORIES: Mapping[str, Story] = FrozenDict(
    {
        "minimum_cut": Story(
            title="Why a cut is a minimum cut", script="minimum_cut", told=minimum_cut_story.told
        ),
        "rate": Story(title="Why the cut moves with the rate", script="rate", told=rate_story.told),
    }
)
"""Every story by its name, in the order in which they are read."""
