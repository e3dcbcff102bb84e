"""The desk: a history of questions, extended by numbered commands that are each taken exactly once.

A browser keeps the commands that it has not been told were taken, and sends all of them again; so a run that
is cancelled, merged or repeated loses nothing and does nothing twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from cutwise.budgets import sentence_of, shown_mistakes
from cutwise.errors import CutwiseError, QuantityError, UnknownNameError
from cutwise.stated.stated_question import StatedQuestion
from cutwise_dashboard.desk.commands import Command, after
from cutwise_dashboard.desk.fleet_edits import device_at, found_by_name, moved_up, with_cells, with_one_less
from cutwise_dashboard.desk.scenario_edits import bare_number_note
from cutwise_dashboard.desk.step_bytes import HISTORY_BYTES, bytes_added
from cutwise_dashboard.stores.link_store import address_or_none, stated_at

MOST_STEPS = 200
MOST_COMMANDS = 500
LONGEST_TAKE_S = 3.0
"""Of computing for one message; a browser sends what was not taken by then again, four seconds later."""
MOST_BROWSERS = 50
MOST_REFUSED = 50
LONGEST_NAME, LONGEST_TEXT = 40, 80
PAGES = ("plan", "explore", "compare", "simulate", "learn", "model", "network", "papers", "truth")
NO_COMMAND = "that cannot be done here; choose another value"
LOOKED_AT = frozenset({"device"})
"""Commands that change what is looked at and not what is asked: kept and linked, but no step of their own."""
TABLE = "fleet"
"""The path of a pasted table, of which every mistake is told."""
OTHERS = frozenset({"reset", "preset", "library", "own", "model", "scheme", "go", "open", "fleet"})
"""Commands after which the fields are others, so that what was refused before is no longer theirs."""
UNDO_ENDS = "Undo ends here: large fleets fill what a page keeps of them, so the steps before were let go."


def go_on() -> None:
    """Nobody ends the work."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A text that was typed, and why it was not taken."""

    text: str
    reason: str


@dataclass(slots=True)
class Desk:
    """`history[at]` is what is asked; `names` what made each step; `taken` the last command of each browser.

    `refused` says by path why the last text there was not taken, `notes` how a
    number without a unit was read. `dragged` is the path whose next value
    replaces the step that it made; while one is dragged the question is not `settled`. `walked` is true where
    Back or Forward led here, so that the browser's address says so already. `sizes` are the bytes that each
    step adds to the one before; `poll` is called during long commands.
    """

    history: list[StatedQuestion] = field(default_factory=lambda: [StatedQuestion()])
    names: list[str] = field(default_factory=lambda: [""])
    at: int = 0
    taken: dict[str, int] = field(default_factory=dict)
    refused: dict[str, Refusal] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    addresses: dict[int, tuple[StatedQuestion, str]] = field(default_factory=dict)
    dragged: str = ""
    settled: bool = True
    walked: bool = False
    said: str = ""
    page: str = ""
    sizes: list[int] = field(default_factory=lambda: [0])
    is_cut_off: bool = False
    poll: Callable[[], None] = go_on

    @property
    def stated(self) -> StatedQuestion:
        """What is asked."""
        return self.history[self.at]

    @property
    def looks(self) -> tuple[Any, ...]:
        """What a page is drawn from: as long as it is equal, the page that was drawn stands."""
        return (
            id(self.stated),
            self.at,
            tuple(self.names),
            dict(self.refused),
            dict(self.notes),
            self.said,
            self.page,
        )

    def address(self, stated: StatedQuestion) -> str:
        """The address of a step, worked out once: a link takes half a millisecond and more."""
        known = self.addresses.get(id(stated))
        if known is None or known[0] is not stated:
            if len(self.addresses) > 2 * MOST_STEPS:
                self.addresses.clear()
            known = self.addresses[id(stated)] = (stated, address_or_none(stated))
        return known[1]

    def take(
        self, outbox: Any, *, between: Callable[[], None] = go_on, amid: Callable[[], None] = go_on
    ) -> None:
        """Takes every command of a browser that was not taken yet, in order, as far as there is time.

        `between` is called after each, `amid` during long ones; what they raise leaves the rest, and what was
        under way, to be sent again.
        """
        if not isinstance(outbox, Mapping) or not isinstance(outbox.get("commands"), list):
            return
        browser = str(outbox.get("client"))[:LONGEST_NAME]
        until_s = time.thread_time() + LONGEST_TAKE_S
        self.poll = amid
        for command in outbox["commands"][:MOST_COMMANDS]:
            number, before = _number_of(command), self.taken.pop(browser, 0)
            self.taken[browser] = max(number, before)
            if number <= before:
                continue
            try:
                self.do(command)
            except BaseException:  # the session has gone; it may come back
                self.taken[browser] = before
                raise
            between()
            if time.thread_time() > until_s:
                break
        while len(self.taken) > MOST_BROWSERS:
            del self.taken[next(iter(self.taken))]

    def do(self, command: Command) -> None:
        """Does one command, or notes why it cannot be done."""
        path = str(command.get("path", ""))[:LONGEST_TEXT]
        live = bool(command.get("live"))
        self.settled = not live
        self.notes.clear()
        self.walked = command.get("kind") == "go"
        try:
            if (move := MOVES.get(str(command.get("kind")))) is not None:
                move(self, command)
            else:
                self.step(after(self.stated, command), path or str(command.get("kind")), live=live)
            self.refused.pop(path, None)
            if note := bare_number_note(self.stated.scenario, command):
                self.notes[path] = note
            if command.get("kind") in OTHERS:
                self.refused.clear()
        except Exception as error:  # whatever a browser sends, the page goes on and says so beside the field
            text = str(command.get("value", ""))[:LONGEST_TEXT]
            self.refused[path] = Refusal(text=text, reason=reason_of(error, path))
            while len(self.refused) > MOST_REFUSED:
                del self.refused[next(iter(self.refused))]

    def step(self, stated: StatedQuestion, name: str, *, live: bool = False) -> None:
        """A new step; the same one again while a value is dragged, and where only another device is shown."""
        dragged, self.dragged = self.dragged, name if live else ""
        if stated == self.stated:
            return
        self.said = ""
        del self.history[self.at + 1 :], self.names[self.at + 1 :], self.sizes[self.at + 1 :]
        if (dragged and dragged == name) or name in LOOKED_AT:
            before = self.history[self.at - 1] if self.at else None
            self.history[self.at], self.sizes[self.at] = stated, bytes_added(before, stated)
        else:
            self.sizes.append(bytes_added(self.stated, stated))
            self.history.append(stated)
            self.names.append(name)
            self.at += 1
        self._let_go()

    def _let_go(self) -> None:
        """Keeps the history within its bounds, and of what is not in it nothing."""
        while self.at and (len(self.history) > MOST_STEPS or sum(self.sizes) > HISTORY_BYTES):
            self.is_cut_off |= len(self.history) <= MOST_STEPS
            del self.history[0], self.names[0], self.sizes[0]
            self.sizes[0] = bytes_added(None, self.history[0])
            self.at -= 1
        while len(self.history) - 1 > self.at and sum(self.sizes) > HISTORY_BYTES:
            del self.history[-1], self.names[-1], self.sizes[-1]
        kept = set(map(id, self.history))
        self.addresses = {at: known for at, known in self.addresses.items() if at in kept}

    def undo(self, command: Command) -> None:
        """The step before."""
        self._move(max(0, self.at - 1))

    def redo(self, command: Command) -> None:
        """The step that was undone."""
        self._move(min(len(self.history) - 1, self.at + 1))

    def go(self, command: Command) -> None:
        """Back and Forward of the browser, or a link that was opened: a known step, or a new one."""
        address = str(command.get("link", command.get("value", "")))
        for place in sorted(range(len(self.history)), key=lambda i: abs(i - self.at)):
            self.poll()
            if address and self.address(self.history[place]) == address:
                self._move(place)
                return
        stated, said = stated_at(address)
        self.step(stated, "link")
        self.said = said

    def turn_to(self, command: Command) -> None:
        """Another page is wanted."""
        page = str(command.get("value"))
        if page not in PAGES:
            raise UnknownNameError("page", page[:LONGEST_NAME], PAGES)
        self.page = page

    def page_wanted(self) -> str:
        """The page that was asked for, once."""
        wanted, self.page = self.page, ""
        return wanted

    def trail(self, command: Command) -> None:
        """Steps that the browser's tab kept over a reload, where they hold what is asked now."""
        links = [str(link) for link in command.get("links", [])][:MOST_STEPS]
        names = [str(name)[:LONGEST_NAME] for name in command.get("names", [])]
        at = command.get("at", 0)
        if len(self.history) > 1 or not isinstance(at, int) or not 0 <= at < len(links) == len(names):
            return
        if links[at] and links[at] == self.address(self.stated):
            found = {link: self._opened(link) for link in dict.fromkeys(links)}
            self.history, self.names, self.at = [found[link] for link in links], names, at
            before = [None, *self.history]
            self.sizes = list(map(bytes_added, before, self.history))
            self._let_go()

    def _opened(self, link: str) -> StatedQuestion:
        self.poll()
        return stated_at(link)[0]

    def set_cells(self, command: Command) -> None:
        """Several cells of the fleet as one step; those that cannot be are refused one by one."""
        given = command.get("value")
        if not isinstance(given, Mapping):
            raise QuantityError("give cells with their values")
        stated, refused = with_cells(self.stated, given, self.poll)
        self.step(stated, "devices")
        self.refused = {path: one for path, one in self.refused.items() if path not in given}
        self.refused |= {
            path: Refusal(text=str(given[path])[:LONGEST_TEXT], reason=reason_of(error, path))
            for path, error in islice(refused.items(), MOST_REFUSED)
        }

    def remove_device(self, command: Command) -> None:
        """A row of the fleet less; what was refused in the rows below moves up with them."""
        path = str(command.get("path"))
        at = device_at(found_by_name(self.stated.scenario, path, command.get("device")))
        self.step(with_one_less(self.stated, at), "devices")
        moved = ((moved_up(path, removed=at), one) for path, one in self.refused.items())
        self.refused = {path: one for path, one in moved if path is not None}

    def _move(self, at: int) -> None:
        self.at, self.dragged = at, ""
        self.said = UNDO_ENDS if self.is_cut_off and not at else ""
        self.refused.clear()


MOVES = {
    "undo": Desk.undo,
    "redo": Desk.redo,
    "go": Desk.go,
    "open": Desk.go,
    "trail": Desk.trail,
    "page": Desk.turn_to,
    "cells": Desk.set_cells,
    "remove_device": Desk.remove_device,
}
"""Commands that are more than another question: they move on the history, or concern what was refused."""


def _number_of(command: Any) -> int:
    """The number of a command, 0 for what is none."""
    number = command.get("n") if isinstance(command, Mapping) else None
    return number if isinstance(number, int) else 0


def reason_of(error: Exception, path: str) -> str:
    """The reason beside a field: its own mistake first, without the path that the field itself shows.

    What is no error of the library came from a command that no control gives.
    """
    if not isinstance(error, CutwiseError):
        return NO_COMMAND
    if path == TABLE:
        return "\n".join(shown_mistakes(error))
    mistakes = getattr(error, "mistakes", None) or [str(error)]
    name = path.rsplit(".", 1)[-1]
    if not name:
        return sentence_of(mistakes[0])
    own = next((mistake for mistake in mistakes if name in mistake.partition(":")[0]), mistakes[0])
    head, colon, rest = own.partition(": ")
    return sentence_of(rest if colon and (head.endswith(name) or head == path) else own)
