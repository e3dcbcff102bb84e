"""What goes wrong in a worker, told to whoever asked: errors as they are, a worker's end in one sentence."""

from __future__ import annotations

import importlib
import pickle
import traceback
from dataclasses import dataclass
from typing import Any

from cutwise.budgets import beyond
from cutwise.errors import CutwiseError
from cutwise.frozen import Frozen

SMALLER = "plan fewer devices, a smaller model or another scheme"


class AnswerCancelledError(CutwiseError):
    """Nobody waits for this answer any more."""


class AnswerLostError(CutwiseError):
    """The process that worked on this answer has ended, or has no memory left for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedError(Frozen):
    """An error on its way to another process: class, arguments and fields, with where it was raised."""

    module: str
    name: str
    args: tuple[Any, ...]
    fields: dict[str, Any]
    where: str


def cancelled(what: str) -> AnswerCancelledError:
    return AnswerCancelledError(f"{what} was cancelled before its answer was there; ask again to have it")


def lost(what: str) -> AnswerLostError:
    return AnswerLostError(
        f"{what} has no answer: the process that worked on it was ended; ask again, or {SMALLER}"
    )


def too_large(what: str, memory_bytes: float) -> AnswerLostError:
    return AnswerLostError(f"{what} {beyond('answer_bytes', allowed=memory_bytes)}")


def too_slow(what: str, longest_s: float) -> AnswerLostError:
    return AnswerLostError(f"{what} {beyond('answer_s', allowed=longest_s)}")


def packed_error(error: BaseException) -> PackedError:
    """The error as a worker sends it; arguments that cannot be sent as text."""
    args, fields = tuple(error.args), dict(vars(error))
    try:
        pickle.dumps((args, fields))
    except Exception:  # any object says in its own way that it cannot be sent
        args, fields = (str(error),), {}
    where = "".join(traceback.format_exception(error))
    return PackedError(
        module=type(error).__module__, name=type(error).__qualname__, args=args, fields=fields, where=where
    )


def unpacked_error(packed: PackedError) -> BaseException:
    """The error with its type and fields; made without its constructor, whose arguments are not kept."""
    try:
        owner = getattr(importlib.import_module(packed.module), packed.name)
        error: BaseException = owner.__new__(owner, *packed.args)
        error.args = packed.args
        vars(error).update(packed.fields)
    except (ImportError, AttributeError, TypeError):
        error = RuntimeError(packed.name, *packed.args)
    if not isinstance(error, CutwiseError):
        error.add_note(f"In a worker:\n{packed.where}")
    return error
