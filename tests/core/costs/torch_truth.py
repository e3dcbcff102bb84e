"""What PyTorch itself does: FLOPs it counts, storages it keeps for the backward pass."""

from __future__ import annotations

from typing import Any

from core.costs.graph_cost import GraphCost

DENSE = {"conv1d", "conv2d", "conv_transpose2d", "linear", "matmul", "attention", "gru"}


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


def dense_flops(cost: GraphCost) -> tuple[float, float]:
    """Our forward and backward FLOPs of a whole batch, of the ops torch's counter knows."""
    backward = cost.backward_input_flops + cost.backward_weight_flops
    dense = [op.kind in DENSE for op in cost.graph.ops]
    samples = cost.graph.batch_size
    return cost.forward_flops[dense].sum() * samples, backward[dense].sum() * samples
