"""Values by their other names: the choice that is meant, and the layers that adapters go to."""

from __future__ import annotations

from collections.abc import Sequence

from cutwise.scenario.vocabulary.words import ValueRow, word_of, words


def chosen(given: object, allowed: Sequence[str]) -> ValueRow | None:
    """The row that says which of the `allowed` words is meant by `given`; None where nobody can tell.

    >>> chosen("float16", ["fp32", "fp16"]).choice, chosen(True, ["none", "blocks"]).choice
    ('fp16', 'blocks')
    """
    return next(iter(meant(given, allowed)), None)


def meant(given: object, allowed: Sequence[str]) -> tuple[ValueRow, ...]:
    """All rows that may be meant by `given`, the likeliest first."""
    if isinstance(given, list | dict):
        return ()
    word = word_of(str(int(given) if isinstance(given, float) and given.is_integer() else given))
    spelled = (word, word.replace("_", ""))
    if named := [each for each in spelled if each in allowed]:
        return (ValueRow(choice=named[0]),)
    rows = next((words().values[each] for each in spelled if each in words().values), ())
    return tuple(row for row in rows if row.choice in allowed)


def peft_targets(given: object) -> list[str]:
    """Names of modules as patterns of op ids, and what stands for all of them.

    >>> peft_targets(["q_proj", "v_proj"]), peft_targets("all-linear")
    (['*q_proj', '*v_proj'], ['all_linear'])
    """
    names = given if isinstance(given, list) else [given]
    known = words().targets
    return [known.get(word_of(str(name)), f"*{str(name).lstrip('*')}") for name in names]
