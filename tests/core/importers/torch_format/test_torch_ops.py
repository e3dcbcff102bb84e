"""Arguments of torch.export programs as numbers."""

from __future__ import annotations

import pytest

from cutwise.importers.torch_format.facts import integers
from cutwise.importers.torch_format.nodes import Ref


def test_a_number_alone_is_a_list_of_one():
    assert integers(-1) == [-1]
    assert integers([0, -2]) == [0, -2]


@pytest.mark.parametrize("value", [None, "2", 1.5, [0, None], Ref("dim")])
def test_what_is_no_whole_number_is_refused(value):
    with pytest.raises(ValueError, match="where whole numbers are expected"):
        integers(value)
