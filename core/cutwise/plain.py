"""Values as nested plain ones and as tables: what `--json` prints, what the page downloads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, overload

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from _typeshed import DataclassInstance

TIMING = frozenset({"timing"})
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a cell begins with that a spreadsheet would compute."""
Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"


@overload
def plain(value: DataclassInstance, *, without: frozenset[str] = TIMING) -> dict[str, Json]: ...
@overload
def plain(value: object, *, without: frozenset[str] = TIMING) -> Json: ...
def plain(value: object, *, without: frozenset[str] = TIMING) -> Json:
    """Dictionaries, lists, strings and numbers under the value's own field names.

    Fields named in `without` are left out (run times, unless asked for); numbers that JSON does not
    know, such as infinity, become None. A value with a method `plain` says itself what it is.

    >>> plain(np.float64(0.5)), plain((1, float("inf")))
    (0.5, [1, None])
    """
    if is_dataclass(value) and not isinstance(value, type):
        if callable(own := getattr(value, "plain", None)):
            return plain(own(), without=without)
        names = [f.name for f in fields(value) if f.name not in without]
        return {name: plain(getattr(value, name), without=without) for name in names}
    if isinstance(value, Mapping):
        return {str(key): plain(part, without=without) for key, part in value.items()}
    if isinstance(value, tuple | list | frozenset | set | np.ndarray):
        return [plain(part, without=without) for part in value]
    if isinstance(value, np.generic):
        return plain(value.item(), without=without)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"{type(value).__name__} has no plain form")


def csv_text(table: pd.DataFrame) -> str:
    """A table as CSV, in which no spreadsheet takes a text for a formula; numbers stay numbers.

    A text that begins like one has an apostrophe before it, as the sheets themselves write it.

    >>> import pandas
    >>> csv_text(pandas.DataFrame({"name": ["=1+1", "phone"], "delay_s": [-1.5, 2.0]}))
    "name,delay_s\\n'=1+1,-1.5\\nphone,2.0\\n"
    """
    return table.rename(columns=_cell).map(_cell).to_csv(index=False, lineterminator="\n")


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
