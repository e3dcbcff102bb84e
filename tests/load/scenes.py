"""The scenes of the gate: many who move sliders: alone, beside heavy work, beside hostile input, for long."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

from cutwise.importers import load_bytes
from cutwise_dashboard.session import LINK_KEY
from tests.load import hostile_inputs
from tests.load.driven_session import Answer, DrivenSession
from tests.load.measured import MEBI, MemorySamples, Row, rows_of_steps, spending
from tests.load.people import LLAMA_70B, Seen, huge_graph, move_sliders, opened, uploaded
from tests.load.truth import Truth
from tests.load.watched_server import WatchedServer, left_behind

SESSION_LIMIT_MIB, SLOPE_LIMIT_MIB, HOSTILE_LIMIT_MIB = 60.0, 1.0, 300.0
ANSWER_LIMIT_S, BESIDE_LIMIT_MS = 5.0, 300.0
P95_LIMIT_MS = {1: 250.0, 20: 250.0, 50: 1000.0}
BESIDE, LEAVES_S = 10, 20.0
SETTLED_S = 2.0
IDLE_SHARE = 0.05
"""Of one core: what a server computes for open tabs that nobody touches."""
Rows = list[Row]


@dataclass(slots=True, kw_only=True)
class Gate:
    """What all scenes share; `seconds` is how long sliders are moved in each."""

    server: WatchedServer
    seconds: float = 30.0
    rows: Rows = field(default_factory=list)
    truth: Truth = field(default_factory=Truth)

    def note(self, *rows: Row) -> None:
        for row in rows:
            self.rows.append(row)
            print(row, flush=True)

    async def warmed(self) -> None:
        """Once all that is imported or read at first need is there."""
        print("a first session", flush=True)
        seen = Seen()
        tabs = await opened(self.server.address, seen, 5)
        await move_sliders(tabs, seen, min(10.0, self.seconds), think_s=0.2)
        await closed(tabs)
        await asyncio.sleep(SETTLED_S)

    async def many(self, count: int) -> None:
        """So many sessions that move sliders, and nothing else."""
        scene = f"{count} sessions"
        print(f"\n{scene}", flush=True)
        before, seen = self.server.memory_bytes(), Seen()
        tabs = await opened(self.server.address, seen, count)
        with spending(self.server) as spent:
            await move_sliders(tabs, seen, self.seconds)
        each = (self.server.memory_bytes() - before) / count / MEBI
        await closed(tabs)
        self.note(
            *rows_of_steps(scene, seen, spent, self.truth, most_ms=P95_LIMIT_MS.get(count)),
            Row(scene=scene, what="slowest page to open", value=max(seen.opened_s), unit="s"),
            Row(scene=scene, what="memory a session", value=each, unit="MiB", limit=SESSION_LIMIT_MIB),
        )

    async def beside(
        self, scene: str, harm: Callable[[], Awaitable[Answer | None]], *, hostile: bool
    ) -> None:
        """Ten sessions that move sliders while somebody does what `harm` does, until that is answered."""
        print(f"\n{scene}", flush=True)
        seen, over = Seen(), asyncio.Event()
        tabs = await opened(self.server.address, seen, BESIDE)
        idle, children, files = self.server.memory_bytes(), self.server.children(), self.server.files()
        self.server.watch_peak()
        with spending(self.server) as spent:
            moving = asyncio.create_task(move_sliders(tabs, seen, over))
            began = time.perf_counter()
            answer = await harm()
            took_s = time.perf_counter() - began
            await asyncio.sleep(max(0.0, min(self.seconds, 10.0) - took_s))
            over.set()
            await moving
        await closed(tabs)
        peak = (self.server.peak_bytes() - idle) / MEBI
        self.note(*rows_of_steps(scene, seen, spent, self.truth, most_ms=BESIDE_LIMIT_MS))
        if answer is not None and not hostile:  # with no tab open, whose pings wait for it
            wrong = 0 if self.truth.is_shown(answer) else 1
            self.note(Row(scene=scene, what="wrong answers about it", value=wrong, unit="", limit=0))
        if answer is not None:
            print(f"  said: {answer.said[:150]!r}")
        limits = (ANSWER_LIMIT_S, HOSTILE_LIMIT_MIB) if hostile else (None, None)
        self.note(
            Row(scene=scene, what="until it was answered", value=took_s, unit="s", limit=limits[0]),
            Row(
                scene=scene,
                what="memory over idle, at most",
                value=peak,
                unit="MiB",
                limit=limits[1],
            ),
        )
        self.note(*await self._left_behind(scene, children, files if hostile else self.server.files()))

    async def _left_behind(self, scene: str, children: frozenset[int], files: frozenset[str]) -> Rows:
        await asyncio.sleep(SETTLED_S)
        cpu_s = self.server.whole_cpu_s()
        await asyncio.sleep(1.0)
        spent_s = max(0.0, self.server.whole_cpu_s() - cpu_s)
        left = left_behind(self.server, files)
        more = len(self.server.children()) - len(children)
        return [
            Row(scene=scene, what="computing afterwards, of a core", value=100 * spent_s, unit="%",
                limit=100 * IDLE_SHARE),
            Row(scene=scene, what="processes left running", value=max(0, more), unit="", limit=0),
            Row(scene=scene, what="files left", value=len(left), unit="", limit=0),
        ]  # fmt: skip

    async def heavy(self) -> None:
        """One who imports a 70B configuration; one who asks for a plan of 49,000 ops, and leaves."""
        config, huge = json.dumps(LLAMA_70B).encode(), huge_graph()
        known = load_bytes("config.json", config)
        self.truth = Truth({hashlib.sha256(config).hexdigest(): known})
        await self.beside(
            "beside a 70B configuration", lambda: self._sent_file("config.json", config), hostile=False
        )
        await self.beside("beside 49,000 ops, left", lambda: self._left("huge.json", huge), hostile=False)

    async def _left(self, name: str, content: bytes) -> None:
        await uploaded(self.server.address, name, content, patience_s=LEAVES_S)

    async def hostile(self) -> None:
        """One who sends what must be refused, again and again something else."""
        for name, harm in self._harms():
            await self.beside(f"beside {name}", harm, hostile=True)

    def _harms(self) -> Iterator[tuple[str, Callable[[], Awaitable[Answer | None]]]]:
        for name, made in hostile_inputs.FILES.items():
            content = made()
            yield name, lambda n=name, c=content: self._sent_file(n, c)
        for name, link in hostile_inputs.LINKS.items():
            text = link()
            yield name, lambda t=text: self._opened_link(t)
        for name, command in hostile_inputs.COMMANDS.items():
            given = command()
            yield name, lambda g=given: self._commanded(g)

    async def _sent_file(self, name: str, content: bytes) -> Answer:
        return (await uploaded(self.server.address, name, content))[0]

    async def _opened_link(self, text: str) -> None:
        tab = DrivenSession(self.server.address, f"?{LINK_KEY}={text}")
        await tab.open()
        await tab.close()

    async def _commanded(self, command: dict[str, object]) -> Answer:
        tab = DrivenSession(self.server.address)
        await tab.open()
        answer = await tab.command(command, figures=False)
        await tab.close()
        return answer

    async def slope(self, minutes: float, count: int = 10) -> None:
        """So many sessions for so long: whether the server's memory grows with time."""
        scene = f"{count} sessions for {minutes:g} minutes"
        print(f"\n{scene}", flush=True)
        seen, samples = Seen(), MemorySamples()
        tabs = await opened(self.server.address, seen, count)
        await move_sliders(tabs, seen, min(30.0, 10.0 * minutes))
        watching = asyncio.create_task(samples.watch(self.server))
        with spending(self.server) as spent:
            await move_sliders(tabs, seen, 60.0 * minutes)
        watching.cancel()
        await closed(tabs)
        grown = samples.slope_bytes_per_minute() / MEBI
        self.note(
            *rows_of_steps(scene, seen, spent, self.truth),
            Row(scene=scene, what="memory, a minute", value=grown, unit="MiB", limit=SLOPE_LIMIT_MIB),
        )


async def closed(tabs: list[DrivenSession]) -> None:
    await asyncio.gather(*(tab.close() for tab in tabs))
