"""One sentence for a key that Cutwise spells otherwise, or that no field stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from cutwise.errors import close_names
from cutwise.scenario.remedies.places import FieldPlace, classes_at, header, places
from cutwise.scenario.remedies.substitutes import FileTable, Substitute, assigned, fitting, si_of
from cutwise.scenario.vocabulary.quantities import read_quantity, split_unit
from cutwise.scenario.vocabulary.words import word_of, words

OFF = (False, None, 0, "", "no", "none", "false", "off")


def unknown_key(table: FileTable, key: str, value: object = None) -> str:
    """What is wrong with a key that its table does not have, as the end of a sentence.

    >>> from cutwise.channels import FixedRate
    >>> unknown_key(FileTable(path=("channel",), owner=FixedRate, given={}), "uplink_mbps", 100)
    'rates are in bit/s; write uplink_bps = 1e8'
    """
    if found := substitutes(table, key, value):
        if all(assignment.fixed for assignment in found) and value in OFF:
            return "unknown key; leave it out, as nothing of the kind is assumed"
        return f"{_reason(found, key, value)}; write {written(found, table)}"
    if sentence := _not_modelled(table, key):
        return f"is not modelled: {sentence}"
    if known := _elsewhere(word_of(key)):
        return f"unknown key; it belongs in {' or '.join(known)}"
    close = close_names(word_of(key), [f.name for f in fields(table.owner)])
    return f"unknown key; did you mean {close[0]!r}?" if close else "unknown key"


def substitutes(table: FileTable, key: str, value: object) -> tuple[Substitute, ...]:
    """What to write in place of `key`; nothing where no field stands for it."""
    word, (stem, unit) = word_of(key), split_unit(key)
    _, unit_of_value = read_quantity(value) or (0.0, "")
    own = {f.name: FieldPlace(path=(*table.path, f.name), owner=table.owner) for f in fields(table.owner)}
    if word in own and word != key:
        return (assigned(own[word], value, table=table),)
    for name, in_unit in ((word, unit_of_value), (stem, unit)):
        if _is_refused(table, name):
            return ()
        for si in words().units.get(in_unit, {}):
            if place := own.get(f"{name}_{si}".lstrip("_")):
                return (assigned(place, value, unit=in_unit, table=table),)
        row = words().keys.get(_qualified(table, name)) or words().keys.get(name)
        if row and (chosen := fitting(row.to, unit="" if row.law else in_unit, table=table)):
            return tuple(
                Substitute.fixed_at(place, target.value)
                if target.value is not None
                else assigned(place, value, unit=in_unit, row=row, table=table)
                for target, place in chosen
            )
    return ()


def written(found: Sequence[Substitute], table: FileTable) -> str:
    """The keys to write with their values, and where: "rank = 16 in [workload.tuning]"."""
    where = {assignment: _where(assignment.place, table) for assignment in found}
    parts = []
    for address in dict.fromkeys(where.values()):
        keys = " and ".join(str(one) for one in found if where[one] == address)
        parts.append(f"{keys} {address}".strip())
    remarks = dict.fromkeys(one.remark for one in found if one.remark)
    return " and ".join(parts) + "".join(f" ({remark})" for remark in remarks)


def _where(place: FieldPlace, table: FileTable) -> str:
    """Where a key stands, unless that is the table at hand; a table of that name is its own place."""
    if place.is_table:
        return ""
    other = place.kind and place.owner is not table.owner and place.name != "kind"
    kind = f' with kind = "{place.kind}"' if other else ""
    if place.path[:-1] == table.path:
        return kind.strip()
    return f"in {header(place.path[:-1])}{kind}" if place.path[1:] else "above the first table"


def _reason(found: Sequence[Substitute], key: str, value: object) -> str:
    _, unit_of_value = read_quantity(value) or (0.0, "")
    unit = split_unit(key)[1] or unit_of_value
    measured = [si for one in found if (si := si_of(one.place)) and not one.remark]
    if not unit or not measured or words().units[unit].get(measured[0]) == 1:
        return "unknown key"
    return words().measured[measured[0]]


def _qualified(table: FileTable, name: str) -> str:
    return f"{table.path[-1]}.{name}" if table.path else name


def _is_refused(table: FileTable, name: str) -> bool:
    """True for a word that no field stands for in this very table."""
    qualified = _qualified(table, name)
    return qualified != name and qualified in words().not_modelled and qualified not in words().keys


def _not_modelled(table: FileTable, key: str) -> str:
    topics = [part for part in word_of(key).split("_") if part in words().topics]
    named = (word_of(key), split_unit(key)[0], *topics)
    spelled = [each for name in named for each in (_qualified(table, name), name)]
    return next((words().not_modelled[each] for each in spelled if each in words().not_modelled), "")


def _elsewhere(word: str) -> list[str]:
    """The tables that have a key of this name; none where many have."""
    known = [p for several in places().values() for p in several if p.name == word and p.path[1:]]
    named = [
        header(p.path[:-1]) + (f' with kind = "{p.kind}"' if len(classes_at(p.path[:-1])) > 1 else "")
        for p in known
    ]
    several = list(dict.fromkeys(named))
    return several if len(several) <= 3 else []
