"""What PyTorch itself does: FLOPs it counts, storages it keeps for the backward pass, bytes it has alive."""

from __future__ import annotations

import weakref
from typing import Any

from cutwise.costs.graph_cost import GraphCost

DENSE = {
    "conv1d", "conv2d", "conv_transpose2d", "linear", "matmul", "attention", "lstm", "gru", "rnn",
}  # fmt: skip


def counted_flops(module: Any, *data: Any) -> tuple[int, int]:
    """Forward and backward FLOPs by torch's own counter, attention computed in the open."""
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    with sdpa_kernel(SDPBackend.MATH), counter:
        result = module(*data)
        forward = counter.get_total_flops()
        result.sum().backward()
    return forward, counter.get_total_flops() - forward


def saved_bytes(module: Any, *data: Any) -> int:
    """Bytes that one forward pass keeps for backward: each storage once, the module's own left out."""
    from torch.autograd.graph import saved_tensors_hooks

    # The storage object itself tells storages apart: without data all addresses are the same.
    own = {tensor.untyped_storage()._cdata for tensor in (*module.parameters(), *module.buffers())}
    kept: dict[int, Any] = {}

    def keep(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            kept[storage._cdata] = storage
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        module(*data)
    return sum(storage.nbytes() for storage in kept.values())


def live_bytes(module: Any, *data: Any) -> tuple[int, int]:
    """Bytes alive after a forward pass, and at most up to the end of the backward pass.

    Counted are all storages that ops write and the module's own. The loss makes a gradient as large as
    the result and keeps nothing. Within this mode torch adds gradients out of place, where it else adds in
    place: one tensor more for a moment.
    """
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    class Loss(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, result: Any) -> Any:
            ctx.like = (result.shape, result.device)
            return torch.zeros((), device=result.device)

        @staticmethod
        def backward(ctx: Any, gradient: Any) -> Any:
            return torch.ones(ctx.like[0], device=ctx.like[1])

    class Live(TorchDispatchMode):
        def __init__(self, *known: Any):
            super().__init__()
            self.now, self.most, self.alive = 0, 0, {}
            for tensor in known:
                self.see(tensor)

        def see(self, tensor: Any) -> None:
            storage = tensor.untyped_storage()
            key, size = storage._cdata, storage.nbytes()
            if key not in self.alive:
                self.alive[key] = weakref.ref(storage, lambda _: self.forget(key, size))
                self.now += size
                self.most = max(self.most, self.now)

        def forget(self, key: int, size: int) -> None:
            del self.alive[key]
            self.now -= size

        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            made = function(*args, **(kwargs or {}))
            for tensor in tree_leaves(made):
                if isinstance(tensor, torch.Tensor):
                    self.see(tensor)
            return made

    live = Live(*module.parameters(), *module.buffers(), *data)
    with live:
        result = module(*data)
        after_forward = live.now
        loss = Loss.apply(result)
        del result
        loss.backward()
    return after_forward, live.most


def dense_flops(cost: GraphCost) -> tuple[float, float]:
    """Our forward and backward FLOPs of a whole batch, of the ops torch's counter knows."""
    backward = cost.backward_input_flops + cost.backward_weight_flops
    dense = [op.kind in DENSE for op in cost.graph.ops]
    samples = cost.graph.batch_size
    return cost.forward_flops[dense].sum() * samples, backward[dense].sum() * samples
