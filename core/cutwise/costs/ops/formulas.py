"""`OP_COSTS`: op kind → formula. A new kind is one decorated function in one of the modules below.

Counting rules: a multiply-add is 2 FLOP; an addition, multiplication, division, comparison or
transcendental function is 1 FLOP; moving data is none. Biases ride along with their matrix product.
"""

from __future__ import annotations

from cutwise.costs.ops import dense as op_costs_dense
from cutwise.costs.ops import einsum as op_costs_einsum
from cutwise.costs.ops import move as op_costs_move
from cutwise.costs.ops import pointwise as op_costs_pointwise
from cutwise.costs.ops import quantised as op_costs_quantised
from cutwise.costs.ops import reduce as op_costs_reduce
from cutwise.costs.ops import scans as op_costs_scans
from cutwise.costs.ops import spectral as op_costs_spectral
from cutwise.costs.ops.formula import FORMULAS as OP_COSTS
from cutwise.costs.ops.formula import OUTPUT, Formula, OpCall, OpWork

FORMULA_MODULES = (
    op_costs_dense,
    op_costs_einsum,
    op_costs_pointwise,
    op_costs_quantised,
    op_costs_reduce,
    op_costs_scans,
    op_costs_spectral,
    op_costs_move,
)

__all__ = ["FORMULA_MODULES", "OP_COSTS", "OUTPUT", "Formula", "OpCall", "OpWork"]
