"""Places of a cut in words that fit a sentence, op names as they are written."""

from __future__ import annotations

from cutwise_dashboard.format import as_written

ALL_ON_DEVICE, ALL_ON_SERVER = "all on device", "all on server"
LONGEST, HEAD, TAIL = 44, 15, 14


def cut_at(label: str, *, edge: bool = False) -> str:
    """Where a cut is: after an op, or all on one side; of an edge's cut `edge`.

    >>> cut_at("after conv1"), cut_at("all on device"), cut_at("all on device", edge=True)
    ('after conv1', 'all on the device', 'nothing in the cloud')
    """
    if label == ALL_ON_DEVICE:
        return "nothing in the cloud" if edge else "all on the device"
    if label == ALL_ON_SERVER:
        return "all on the server"
    return as_written(shortened(label))


def cutting(label: str, *, edge: bool = False) -> str:
    """What is done by a cut, as the subject of a sentence.

    >>> cutting("after conv1"), cutting("all on device"), cutting("all on server")
    ('cutting after conv1', 'keeping all on the device', 'leaving all to the server')
    """
    if label == ALL_ON_DEVICE:
        return "leaving nothing to the cloud" if edge else "keeping all on the device"
    if label == ALL_ON_SERVER:
        return "leaving all to the server"
    return (
        f"cutting {cut_at(label, edge=edge)}"
        if label.startswith("after ")
        else f"keeping {as_written(label)}"
    )


def with_cut(label: str, *, edge: bool = False) -> str:
    """A cut as what a sentence assumes.

    >>> with_cut("after conv1"), with_cut("all on device")
    ('with the cut after conv1', 'with all on the device')
    """
    there = cut_at(label, edge=edge)
    return f"with the cut {there}" if label.startswith("after ") else f"with {there}"


def shortened(text: str) -> str:
    """A label that fits into a sentence: a long path keeps its start and its end, which tell layers apart.

    >>> shortened("after encoder/layer_0/attention/self/output/dense/MatMul")
    'after encoder/layer_0…t/dense/MatMul'
    """
    if len(text) <= LONGEST:
        return text
    start = "after " if text.startswith("after ") else ""
    name = text.removeprefix(start)
    return f"{start}{name[:HEAD]}…{name[-TAIL:]}"
