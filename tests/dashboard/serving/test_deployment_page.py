"""docs/deployment.md says the bounds that are in force."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from cutwise.budgets import most
from cutwise_dashboard.serving import serving_bounds as bounds
from cutwise_dashboard.serving.settings import HOME

PAGE = Path(__file__).parents[3] / "docs" / "deployment.md"
FACTORS = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "MB": 10**6, "GB": 10**9}


def test_the_limits_of_the_page_are_those_of_the_server() -> None:
    table = PAGE.read_text("utf-8").partition("| what | at most |\n|---|---|\n")[2].partition("\n\n")[0]
    said = [
        float(number.replace(",", "")) * FACTORS.get(unit, 1)
        for line in table.splitlines()
        for number, unit in re.findall(r"([\d,]+)(?: (KiB|MiB|GiB|GB|MB))?", line.split(" | ")[-1])
    ]
    own = tomllib.loads((HOME / ".streamlit" / "config.toml").read_text("utf-8"))["server"]
    assert said == [
        most("open_pages"), bounds.CONNECTIONS_A_PAGE * most("open_pages"),
        bounds.HEAD_S, bounds.HEAD_BYTES, bounds.MESSAGE_BYTES, bounds.MESSAGE_PARTS,
        own["maxUploadSize"] * FACTORS["MB"], bounds.UPLOADS_AT_ONCE, bounds.UPLOADS_OF_A_PAGE,
        bounds.UPLOAD_S, bounds.STALL_S, bounds.LEAST_BYTES_PER_S,
        most("page_upload_bytes"), most("all_upload_bytes"), own["disconnectedSessionTTL"],
    ]  # fmt: skip
