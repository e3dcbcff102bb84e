"""What the training study compares: its cells, and for a cell the recipe, the data and the learners."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np

from cutwise.arrays import Floats, Ints
from cutwise.caches import kept
from cutwise.convergence.lossy_channel import LossyChannel
from cutwise.convergence.partitions import dirichlet_shares, equal_groups, iid_shares
from cutwise.convergence.schedule import Learner
from cutwise.convergence.small_cnn import BLOCK_COUNT, image_patches
from cutwise.convergence.table import Cell, compression_name, partition_name
from cutwise.convergence.training import Recipe
from cutwise.frozen import FrozenDict

DEVICES, CUT, BATCH_SIZE = 12, 1, 16
TEST_IMAGES = 22 * BATCH_SIZE
LEAST_SAMPLES = 10
"""No device has fewer."""
LOCAL_EPOCHS = (1, 2, 5)
ALPHAS = (None, 0.5, 0.1)
PARTITIONS = FrozenDict({partition_name(alpha=alpha): alpha for alpha in ALPHAS})
CHANNELS = FrozenDict(
    {
        "none": None,
        **{
            compression_name(density_ratio=density, value_bits=bits): LossyChannel(
                density_ratio=density, value_bits=bits
            )
            for density, bits in ((1.0, 8), (1.0, 4), (0.1, 8))
        },
    }
)
SPLIT = (
    ("split_learning", 1), ("gsfl", 2), ("gsfl", 3), ("gsfl", 6),
    ("split_federated", DEVICES), ("split_federated_v2", DEVICES),
)  # fmt: skip
UNSPLIT = (("federated", DEVICES), ("centralised", 1))


def study_cells() -> list[Cell]:
    """Every cell, the first ones first when time is short; compression is studied at one local epoch."""
    cells = []
    for epochs, compression in itertools.product(LOCAL_EPOCHS, CHANNELS):
        plain = compression == "none"
        if plain or epochs == 1:
            trained = (*SPLIT, *UNSPLIT) if plain else SPLIT
            cells += [
                Cell(scheme, "pooled" if scheme == "centralised" else partition, epochs, groups, compression)
                for partition in PARTITIONS
                for scheme, groups in trained
            ]
    return list(dict.fromkeys(cells))


def recipe_of(cell: Cell) -> Recipe:
    """How a cell trains."""
    return Recipe(
        cut=BLOCK_COUNT if (cell.scheme, cell.groups) in UNSPLIT else CUT,
        local_epochs=cell.local_epochs,
        batch_size=BATCH_SIZE,
        shared_server=cell.scheme == "split_federated_v2",
        channel=CHANNELS[cell.compression],
    )


def learner_of(cell: Cell, *, seed: int, learning_rate: float) -> tuple[Learner, Ints]:
    """The learner of a seed and the sample numbers it is tested on; the split is the same for every cell."""
    _, labels = digits()
    order = np.random.default_rng([seed, 2]).permutation(labels.size)
    test, training = order[:TEST_IMAGES], order[TEST_IMAGES:]
    shares = tuple(training[share] for share in _shares(cell, labels[training], seed))
    groups = equal_groups(len(shares), min(cell.groups, len(shares)), rng=np.random.default_rng([seed, 3]))
    return Learner(seed=seed, shares=shares, groups=groups, learning_rate=learning_rate), test


@kept
def digits() -> tuple[Floats, Ints]:
    """Patches and labels of scikit-learn's 1,797 handwritten digits, grey levels between 0 and 1."""
    from sklearn.datasets import load_digits

    found = load_digits()
    return image_patches(found.images / found.images.max()), found.target.astype(np.int64)


def _shares(cell: Cell, labels: Ints, seed: int) -> Iterable[Ints]:
    rng = np.random.default_rng([seed, 4])
    if cell.partition == "pooled":
        return (np.arange(labels.size),)
    if (alpha := PARTITIONS[cell.partition]) is None:
        return iid_shares(labels.size, DEVICES, rng=rng)
    return dirichlet_shares(labels, DEVICES, alpha=alpha, least=LEAST_SAMPLES, rng=rng)
