"""The page of stories: one is open, with its own numbers."""

from __future__ import annotations

import streamlit as st

from cutwise_dashboard import session
from cutwise_dashboard.charts.palette import PALETTES, color_of, ink_on
from cutwise_dashboard.components.stories import show_story
from cutwise_dashboard.views.learn.stories import STORIES


def show() -> None:
    """The story picker and the story that is picked."""
    name = st.pills(
        "Story", list(STORIES), format_func=lambda key: STORIES[key].title,
        key=session.begin("view.learn.story", next(iter(STORIES))),
        label_visibility="collapsed", required=True,
    )  # fmt: skip
    story = STORIES[name]
    with st.container(border=True):
        show_story(
            story.script, story.told() | {"colors": story_colors(session.theme())}, key=f"story.{name}"
        )


def story_colors(theme: str) -> dict[str, str]:
    """The colours of a theme as the scripts of the stories name them."""
    palette = PALETTES[theme]
    device, server = (color_of(side, theme) for side in ("device", "server"))
    return {
        "device": device,
        "onDevice": ink_on(device),
        "server": server,
        "onServer": ink_on(server),
        "cut": palette.cut,
        "text": palette.text,
        "border": palette.border,
        "background": palette.background,
    }
