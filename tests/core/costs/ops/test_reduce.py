from __future__ import annotations

import pytest

from cutwise.costs.ops.formulas import OUTPUT
from tests.core.costs.formula_calls import flops, work

MAP = (2, 6, 4, 4)  # 192 elements, 2 samples of 6 channels of 16


def test_batch_norm_in_training_takes_eight_operations_and_keeps_two_numbers_a_channel():
    """192 x 8 = 1 536 forward, 192 x 10 = 1 920 and 192 x 3 = 576 back; 2 x 6 channels x 4 B = 48 B."""
    answer = work("batch_norm", MAP, output=MAP, weights=((6,), (6,)))
    assert flops(answer) == (1_536, 1_920, 576)
    assert answer.saves == (0,)
    assert answer.once_bytes == 48


def test_batch_norm_in_inference_only_scales():
    """192 x 4 = 768: subtract, divide, scale, shift with stored statistics."""
    answer = work(
        "batch_norm", MAP, output=MAP, weights=((6,),), grads=(False,), trained=False, training=False
    )
    assert flops(answer) == (768, 0, 0)


def test_layer_norm_keeps_two_numbers_a_row():
    """2 x 5 rows of 8 = 80 elements: 640 forward, 800 and 240 back; 2 x 10 rows x 4 B = 80 B."""
    answer = work("layer_norm", (2, 5, 8), output=(2, 5, 8), weights=((8,), (8,)))
    assert flops(answer) == (640, 800, 240)
    assert answer.extra_bytes == 80


def test_layer_norm_without_weights_normalises_the_last_dimension():
    assert work("layer_norm", (2, 5, 8), output=(2, 5, 8)).extra_bytes == 80


def test_layer_norm_over_a_whole_map_has_one_row_a_sample():
    """Weights of 6 x 4 x 4 = 96: two rows, 2 x 2 x 4 B = 16 B."""
    assert work("layer_norm", MAP, output=MAP, weights=((6, 4, 4),)).extra_bytes == 16


def test_group_norm_keeps_two_numbers_a_group():
    """2 samples x 3 groups x 2 x 4 B = 48 B; 192 x 8 forward."""
    answer = work("group_norm", MAP, output=MAP, weights=((6,), (6,)), groups=3)
    assert flops(answer) == (1_536, 1_920, 576)
    assert answer.extra_bytes == 48


def test_instance_norm_keeps_two_numbers_a_channel_of_each_sample():
    """2 samples x 6 channels x 2 x 4 B = 96 B."""
    answer = work("instance_norm", MAP, output=MAP, weights=((6,), (6,)))
    assert flops(answer) == (1_536, 1_920, 576)
    assert answer.extra_bytes == 96


def test_rms_norm_does_without_a_mean():
    """80 elements x 4 = 320 forward, 80 x 7 = 560 and 80 x 2 = 160 back; 10 rows x 4 B = 40 B."""
    answer = work("rms_norm", (2, 5, 8), output=(2, 5, 8), weights=((8,),))
    assert flops(answer) == (320, 560, 160)
    assert answer.extra_bytes == 40


def test_local_response_norm_sums_over_its_window_and_keeps_the_divisors():
    """192 x (5 + 5) = 1 920 forward, 192 x (5 + 6) = 2 112 back; 192 divisors x 4 B = 768 B."""
    answer = work("lrn", MAP, output=MAP, size=5)
    assert flops(answer) == (1_920, 2_112, 0)
    assert answer.saves == (0,)
    assert answer.extra_bytes == 768


@pytest.mark.parametrize("kernel", [(2, 2), [2, 2], 4])
def test_max_pool_compares_its_window_and_keeps_places_of_eight_bytes(kernel: object):
    """2 x 6 x 2 x 2 = 48 outputs x 4 = 192 comparisons, 48 additions back; 48 x 8 B = 384 B."""
    answer = work("max_pool", MAP, output=(2, 6, 2, 2), kernel=kernel)
    assert flops(answer) == (192, 48, 0)
    assert answer.saves == (0,)
    assert answer.extra_bytes == 384


def test_average_pool_adds_its_window_and_spreads_the_gradient_over_it():
    """48 outputs x 4 = 192 each way."""
    answer = work("avg_pool", MAP, output=(2, 6, 2, 2), kernel=(2, 2))
    assert flops(answer) == (192, 192, 0)
    assert answer.saves == (0,)
    assert answer.extra_bytes == 0


@pytest.mark.parametrize("kind", ["global_avg_pool", "reduce_mean", "reduce_sum"])
def test_mean_over_everything_reads_each_element_once_and_keeps_nothing(kind: str):
    answer = work(kind, MAP, output=(2, 6, 1, 1))
    assert flops(answer) == (192, 192, 0)
    assert answer.saves == ()


def test_global_max_pool_keeps_input_and_places():
    """192 comparisons, 12 additions back; 12 x 8 B = 96 B."""
    answer = work("global_max_pool", MAP, output=(2, 6, 1, 1))
    assert flops(answer) == (192, 12, 0)
    assert (answer.saves, answer.extra_bytes) == ((0,), 96)


@pytest.mark.parametrize(
    "kind", ["reduce_max", "reduce_min", "reduce_prod", "reduce_l2", "reduce_log_sum_exp"]
)
def test_reductions_that_compare_keep_input_and_result(kind: str):
    answer = work(kind, MAP, output=(2, 6))
    assert flops(answer) == (192, 192, 0)
    assert answer.saves == (0, OUTPUT)


@pytest.mark.parametrize("kind", ["reduce_l1", "reduce_sum_square", "reduce_log_sum"])
def test_reductions_whose_slope_depends_on_the_input_keep_it(kind: str):
    assert work(kind, MAP, output=(2, 6)).saves == (0,)


def test_statistics_of_a_batch_are_kept_once_for_all_its_samples():
    """2 x 6 channels x 4 B, whatever the batch."""
    answer = work("batch_norm", MAP, output=MAP, weights=((6,),), batches=0.5)
    assert (answer.extra_bytes, answer.once_bytes) == (0, 48)


def test_what_a_file_does_not_name_has_its_usual_size():
    """A window of 5 channels, one group, a kernel of one place."""
    assert flops(work("lrn", MAP, output=MAP)) == (1_920, 2_112, 0)
    assert work("group_norm", MAP, output=MAP).extra_bytes == 2 * 2 * 4
    assert work("max_pool", MAP, output=MAP).forward_flops == 192
    assert work("avg_pool", MAP, output=MAP).forward_flops == 192


def test_a_row_of_one_value_is_a_row():
    """2 x 5 rows, two numbers of 4 B each; by root mean square one, and the input is kept."""
    assert work("layer_norm", (2, 5, 1), output=(2, 5, 1)).extra_bytes == 80
    answer = work("rms_norm", (2, 5, 1), output=(2, 5, 1))
    assert (answer.saves, answer.extra_bytes) == ((0,), 40)
