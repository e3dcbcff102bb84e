from __future__ import annotations

import numpy as np
import pytest

from cutwise.convergence.small_cnn import BLOCK_COUNT, forward, image_patches, initial_weights

torch = pytest.importorskip("torch")

from tests.core.convergence.torch_oracle import as_stack, plain_network  # noqa: E402


def test_every_copy_answers_like_torchs_own_layers(images: np.ndarray) -> None:
    weights = initial_weights([3, 4])
    patches = torch.as_tensor(image_patches(images))
    answers = forward([torch.as_tensor(part) for part in weights], torch.stack([patches, patches]))
    for copy in range(2):
        oracle = plain_network([part[copy : copy + 1] for part in weights])
        expected = oracle(torch.as_tensor(images)[:, None])
        assert answers[copy].numpy() == pytest.approx(expected.detach().numpy(), abs=1e-12)


@pytest.mark.parametrize("cut", range(1, BLOCK_COUNT))
def test_two_parts_make_the_whole(cut: int, images: np.ndarray) -> None:
    weights = [torch.as_tensor(part) for part in initial_weights([3])]
    patches = torch.as_tensor(image_patches(images))[None]
    smashed = forward(weights[: 2 * cut], patches)
    assert smashed.shape == (1, 60, (256, 128, 64)[cut - 1])
    assert torch.equal(forward(weights[2 * cut :], smashed, first=cut), forward(weights, patches))


def test_the_oracle_writes_weights_as_the_stack_lays_them_out() -> None:
    weights = initial_weights([3])
    for part, back in zip(weights, as_stack(plain_network(weights)), strict=True):
        assert np.array_equal(part[0], back)


def test_initial_weights_depend_on_the_seed_alone() -> None:
    for part, alone in zip(initial_weights([3, 4]), initial_weights([4]), strict=True):
        assert np.array_equal(part[1], alone[0])
    assert not np.array_equal(initial_weights([3])[0], initial_weights([4])[0])
