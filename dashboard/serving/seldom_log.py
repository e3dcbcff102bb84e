"""What is turned away, in the server's log: a line of each kind a minute, and how many more there were."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field

from cutwise.cli.streams import note

EVERY_S = 60.0
MOST_KINDS = 100
SAID_BY_US = frozenset({"Invalid HTTP request received."})
"""What uvicorn says of every request that we tell of ourselves."""


@dataclass(slots=True)
class SeldomLog:
    """When a line of each kind was written last, and how many were left out since."""

    last_s: dict[str, float] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)

    def tell(self, kind: str, text: str = "") -> None:
        """Writes that something of this kind was turned away, and why; seldom enough for any log."""
        if (more := self.due(kind)) is not None:
            note(f"cutwise: {kind}{f' ({text})' if text else ''}{more}")

    def due(self, kind: str) -> str | None:
        """What is to be said of those that were left out; None where this one is left out too."""
        now_s = time.monotonic()
        known = kind in self.last_s
        if len(self.last_s) >= MOST_KINDS and not known:
            return None
        if known and now_s - self.last_s[kind] < EVERY_S:
            self.left_out[kind] = self.left_out.get(kind, 0) + 1
            return None
        self.last_s[kind] = now_s
        more = self.left_out.pop(kind, 0)
        return f" [and {more:,} more since the last such line]" if more else ""


SELDOM = SeldomLog()
"""The one of this process."""


class SeldomFilter(logging.Filter):
    """The same for what uvicorn logs of every request that it takes for wrong."""

    def filter(self, record: logging.LogRecord) -> bool:
        kind = str(record.msg)
        if kind in SAID_BY_US:
            return False
        more = SELDOM.due(kind)
        if more:
            record.msg = f"{kind}{more}"
        return more is not None


def keep_seldom() -> None:
    """From now on uvicorn fills no log either."""
    logger = logging.getLogger("uvicorn.error")
    if not any(isinstance(one, SeldomFilter) for one in logger.filters):
        logger.addFilter(SeldomFilter())
