"""What is taken where nobody says, in a module that loads nothing: the command line reads it first."""

from __future__ import annotations

DEFAULT_SCHEME = "fast_split"
