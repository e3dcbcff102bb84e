"""Public data and small cases that lie beside the project, where they are there."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared"
DATA, CASES = SHARED / "data", SHARED / "cases" / "planning"
MODEL_FILES = SHARED / "cases" / "models"


def needs(path: Path) -> pytest.MarkDecorator:
    """A mark that skips a test where `path` is not there."""
    return pytest.mark.skipif(not path.exists(), reason=f"{path.name} is not part of this repository")
