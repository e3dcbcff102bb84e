from __future__ import annotations

import numpy as np

from cutwise.costs.memory.by_kind import MemoryByKind, memory_by_kind


def test_memory_counts_weights_once_and_activations_for_each_sample():
    """8 samples: activations 8 x 50 = 400, buffers 10 + 8 x 5 = 50; 100 + 90 + 180 + 400 + 50 = 820."""
    memory = memory_by_kind(
        batch_size=8,
        weight_bytes=100,
        weight_gradient_bytes=90,
        optimizer_bytes=180,
        buffer_bytes=10,
        saved_bytes=50,
        transient_bytes=5,
    )
    assert memory == MemoryByKind(
        weights_bytes=100, gradients_bytes=90, optimizer_bytes=180, activations_bytes=400, buffers_bytes=50
    )
    assert memory.total_bytes == 820


def test_memory_of_many_cuts_is_an_array():
    """Batch 2: 10 + 2 x 3 + 2 x 1 = 18 and 20 + 2 x 5 + 2 x 1 = 32."""
    memory = memory_by_kind(
        batch_size=2,
        weight_bytes=np.array([10.0, 20.0]),
        weight_gradient_bytes=0,
        optimizer_bytes=0,
        buffer_bytes=0,
        saved_bytes=np.array([3.0, 5.0]),
        transient_bytes=1,
    )
    assert memory.total_bytes.tolist() == [18, 32]


def test_memory_grows_with_the_batch_by_activations_and_the_widest_tensor_alone():
    """From 1 sample to 64 each adds 50 + 5 = 55: 63 x 55 = 3 465."""
    part = {
        "weight_bytes": 100,
        "weight_gradient_bytes": 100,
        "optimizer_bytes": 200,
        "buffer_bytes": 10,
        "saved_bytes": 50,
        "transient_bytes": 5,
    }
    totals = [memory_by_kind(batch_size=batch, **part).total_bytes for batch in (1, 64)]
    assert totals[1] - totals[0] == 3_465
