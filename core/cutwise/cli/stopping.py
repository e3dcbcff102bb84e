"""Ctrl+C and the system's requests to end: obeyed at once, and what was begun is put away.

Nothing is raised for that: libraries in C that are interrupted in the middle take it for something else, or
end the process with a traceback.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from typing import NoReturn

from cutwise.disk.begun import undo_begun

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
USUALLY = {"SIGINT": signal.default_int_handler}
PATIENCE_S = 0.3
"""What is computed outside Python hears of no signal; after so long it is left as it is."""
SIGNALLED = 128
"""Exit codes of what a signal ends, as shells count them: this and the signal's number."""
STOPPED = b"cutwise: stopped\n"


def stop_when_told() -> None:
    """From now on the signals end this process; signals that are ignored stay ignored."""
    for name in NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)
    if os.name == "posix":
        heard, told = os.pipe()
        os.set_blocking(told, False)
        signal.set_wakeup_fd(told, warn_on_full_buffer=False)
        threading.Thread(target=_end_in_time, args=(heard,), daemon=True).start()


def stop_no_more(*, ending: bool = False) -> None:
    """Leaves the signals to what is run from now on; to nobody where this process is `ending` anyway."""
    if os.name == "posix":
        signal.set_wakeup_fd(-1)
    for name in NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is _stop:
            signal.signal(number, signal.SIG_IGN if ending else USUALLY.get(name, signal.SIG_DFL))


def end_stopped(number: int) -> NoReturn:
    """Ends the process with one line and the exit code of the signal, after what was begun is undone."""
    undo_begun()
    with suppress(OSError):
        os.write(2, STOPPED)
    os._exit(SIGNALLED + number)


def _stop(number: int, _frame: object) -> None:
    stop_no_more(ending=True)
    end_stopped(number)


def _end_in_time(heard: int) -> None:
    number = os.read(heard, 1)[0]
    time.sleep(PATIENCE_S)
    end_stopped(number)
