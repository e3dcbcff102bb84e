"""Front-end components: what the page needs and Streamlit does not offer."""

from __future__ import annotations

from importlib.resources import files


def asset_text(package: str, *names: str) -> str:
    """The text files `names` of `package`, joined: the browser gets its scripts as one module."""
    return "\n".join((files(package) / name).read_text("utf-8") for name in names)
