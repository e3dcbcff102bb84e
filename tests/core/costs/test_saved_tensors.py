from __future__ import annotations

from cutwise.costs.saved_tensors import SavedTensors

# Ops 1 and 2 keep storage 0, op 2 storage 1 as well and 5 B beside it.
SAVED = SavedTensors(
    storages=[frozenset(), frozenset({0}), frozenset({0, 1})],
    extra_bytes=[0.0, 0.0, 5.0],
    sizes=[100.0, 10.0, 1.0],
)


def test_storage_is_charged_to_the_first_op_that_keeps_it():
    assert SAVED.charged_bytes().tolist() == [0, 100, 15]


def test_side_charges_the_first_of_its_own_ops():
    """Op 2 alone keeps both: 100 + 10 + 5."""
    assert SAVED.charged_bytes([True, False, True]).tolist() == [0, 0, 115]
