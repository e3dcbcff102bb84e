"""`torch.vmap`: a function of one sample that runs on all of them, whose axis lies before all others."""

from __future__ import annotations

from dataclasses import replace

from cutwise.importers.torch_format.nodes import Call, Ref
from cutwise.importers.torch_format.scope import TorchProgram, TorchScope

VMAP = "torch._functorch.predispatch."
ENTER, LEAVE = f"{VMAP}_vmap_increment_nesting", f"{VMAP}_vmap_decrement_nesting"
HIDE, SHOW = f"{VMAP}_add_batch_dim", f"{VMAP}_remove_batch_dim"


def enter_mapped(program: TorchProgram, call: Call, scope: TorchScope) -> None:
    """Enters what `torch.vmap` leaves in a program: where it starts and ends, hides and shows an axis."""
    values = [value for _, value in call.arguments]
    if call.op == ENTER and isinstance(values[0], int):
        scope.trips = (*scope.trips, values[0])
    elif call.op == LEAVE:
        scope.trips = scope.trips[:-1]
    elif call.op in (HIDE, SHOW) and isinstance(values[0], Ref):
        axis = values[1 if call.op == HIDE else 3]
        _move(program, call, scope, axis if isinstance(axis, int) else 0)


def _move(program: TorchProgram, call: Call, scope: TorchScope, axis: int) -> None:
    """Moves the axis of all samples to the front, or back to where it is seen."""
    hidden, (made,) = call.op == HIDE, call.outputs
    at = len(scope.trips) - 1
    places = (axis + at, at) if hidden else (at, axis + at)
    spec = program.tensors[made]
    program.tensors[made] = replace(spec, shape=(*(scope.trips if hidden else scope.trips[:-1]), *spec.shape))
    program.strides[made] = ()
    if hidden or at:
        program.looped.add(made)
    arguments = (call.arguments[0][1], *places)
    named = tuple(zip(("self", "source", "destination"), arguments, strict=True))
    program.calls.append(replace(call, op="movedim", arguments=named))
