"""Operators of aten whose name alone says what they are, by our kind.

In-place and copying twins are left out: `plain_name` reads `add_` as `add` and `slice_copy` as `slice`.
"""

from __future__ import annotations

from collections.abc import Mapping

from cutwise.frozen import FrozenDict

# A copy in other places of memory, of which nothing is computed.
COPY = "copy"

_KINDS = {
    "relu": "relu threshold",
    "sigmoid": "sigmoid",
    "tanh": "tanh softsign",
    "softmax": "softmax _softmax special_softmax softmin",
    "log_softmax": "log_softmax _log_softmax special_log_softmax",
    "exp": "exp exp2 expm1 special_expm1 sinh cosh",
    "sqrt": "sqrt",
    "elu": "elu selu celu",
    "reciprocal": "reciprocal rsqrt",
    "gelu": "gelu",
    "silu": "silu glu",
    "relu6": "relu6",
    "clip": "hardtanh clamp clip clamp_min clamp_max hardshrink softshrink tanhshrink nan_to_num",
    "leaky_relu": "leaky_relu rrelu",
    "hardswish": "hardswish",
    "hardsigmoid": "hardsigmoid",
    "mish": "mish",
    "pow": "pow square float_power",
    "erf": "erf erfc special_erf special_erfc erfinv",
    "abs": "abs absolute",
    "log": "log log2 log10 log1p special_log1p",
    "sin": "sin tan asin atan sinc",
    "cos": "cos acos",
    "softplus": "softplus log_sigmoid",
    "neg": "neg negative",
    "add": "add logaddexp",
    "sub": "sub subtract rsub",
    "mul": "mul multiply lerp addcmul outer ger tril triu",
    "div": "div divide true_divide remainder fmod addcdiv atan2 floor_divide",
    "maximum": "maximum fmax",
    "minimum": "minimum fmin",
    "where": "where",
    "equal": "eq ne equal isnan isinf isfinite isin one_hot",
    "less": "lt less",
    "less_or_equal": "le less_equal",
    "greater": "gt greater",
    "greater_or_equal": "ge greater_equal",
    "not": "logical_not bitwise_not",
    "and": "logical_and bitwise_and __and__",
    "or": "logical_or bitwise_or logical_xor bitwise_xor __or__ __xor__",
    "floor": "floor trunc fix",
    "ceil": "ceil",
    "round": "round",
    "sign": "sign sgn",
    "reduce_mean": "mean nanmean",
    "reduce_sum": "sum nansum cumsum histc count_nonzero col2im nll_loss nll_loss_nd nll_loss2d trace",
    "reduce_max": "amax any argmax",
    "reduce_min": "amin all argmin",
    "reduce_prod": "prod cumprod",
    "reduce_l2": "norm linalg_vector_norm linalg_norm frobenius_norm std std_mean",
    "reduce_sum_square": "var var_mean mse_loss",
    "reduce_l1": "l1_loss smooth_l1_loss huber_loss binary_cross_entropy binary_cross_entropy_with_logits",
    "reduce_log_sum_exp": "logsumexp cross_entropy_loss",
    "top_k": "topk sort argsort msort kthvalue median nanmedian mode",
    "gather": "gather index index_select take take_along_dim select unbind masked_select scatter scatter_add "
    "scatter_reduce index_put _index_put_impl index_add index_copy index_fill masked_scatter put",
    "pad": "pad constant_pad_nd reflection_pad1d reflection_pad2d reflection_pad3d replication_pad1d "
    "replication_pad2d replication_pad3d circular_pad",
    "tile": "tile repeat repeat_interleave im2col",
    "depth_to_space": "pixel_shuffle",
    "space_to_depth": "pixel_unshuffle",
    "slice": "slice narrow diagonal unfold as_strided",
    "split": "split split_with_sizes chunk tensor_split hsplit vsplit dsplit",
    "reshape": "reshape view view_as reshape_as _unsafe_view unflatten _reshape_alias _reshape view_as_real "
    "view_as_complex",
    "flatten": "flatten ravel",
    "squeeze": "squeeze",
    "unsqueeze": "unsqueeze",
    "transpose": "transpose t permute numpy_T T mT mH adjoint movedim moveaxis swapaxes swapdims matrix_H",
    "expand": "expand expand_as broadcast_to broadcast_tensors",
    "identity": "alias detach lift_fresh lift real imag conj resolve_conj resolve_neg requires_grad "
    "loop_steps",
    "concat": "cat concat stack",
    COPY: "clone roll flip rot90 fliplr flipud channel_shuffle copy slice_scatter select_scatter "
    "diagonal_scatter",
    "embedding": "embedding embedding_bag _embedding_bag _embedding_bag_forward_only",
    "layer_norm": "layer_norm native_layer_norm",
    "rms_norm": "rms_norm _fused_rms_norm",
    "group_norm": "group_norm native_group_norm",
    "instance_norm": "instance_norm",
    "batch_norm": "batch_norm native_batch_norm _native_batch_norm_legit cudnn_batch_norm miopen_batch_norm "
    "_native_batch_norm_legit_no_training _batch_norm_impl_index _batch_norm_with_update "
    "_batch_norm_no_update",
    "dropout": "dropout native_dropout feature_dropout alpha_dropout feature_alpha_dropout",
    "prelu": "prelu _prelu_kernel",
    "attention": "scaled_dot_product_attention _scaled_dot_product_flash_attention "
    "_scaled_dot_product_flash_attention_for_cpu _scaled_dot_product_efficient_attention "
    "_scaled_dot_product_cudnn_attention _scaled_dot_product_fused_attention_overrideable "
    "_scaled_dot_product_attention_math",
    "resize": "upsample_nearest1d upsample_nearest2d upsample_nearest3d _upsample_nearest_exact1d "
    "_upsample_nearest_exact2d _upsample_nearest_exact3d upsample_linear1d upsample_bilinear2d "
    "upsample_trilinear3d upsample_bicubic2d _upsample_bilinear2d_aa _upsample_bicubic2d_aa",
    "max_pool": "max_pool1d max_pool2d max_pool3d max_pool1d_with_indices max_pool2d_with_indices "
    "max_pool3d_with_indices",
    "avg_pool": "avg_pool1d avg_pool2d avg_pool3d",
    "einsum": "einsum",
    "fft": "fft_fft fft_ifft fft_rfft fft_irfft fft_hfft fft_ihfft fft_fft2 fft_ifft2 fft_rfft2 fft_irfft2 "
    "fft_fftn fft_ifftn fft_rfftn fft_irfftn _fft_r2c _fft_c2r _fft_c2c",
    "lstm": "lstm_cell",
    "gru": "gru_cell",
    "rnn": "rnn_tanh_cell rnn_relu_cell",
}

KINDS: Mapping[str, str] = FrozenDict(
    {name: kind for kind, names in _KINDS.items() for name in names.split()}
)

# Their result is made from a shape, or by chance: it does not depend on the data of what they read.
SHAPE_ONLY = frozenset(
    {
        "zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like", "randint_like",
        "new_zeros", "new_ones", "new_full", "new_empty", "new_empty_strided", "bernoulli", "normal",
        "uniform", "random", "exponential", "fill", "zero",
    }
)  # fmt: skip

# Their results lie in the memory of their first input.
VIEWS = frozenset(
    {"reshape", "flatten", "squeeze", "unsqueeze", "transpose", "expand", "identity", "slice", "split"}
)
PICKS = frozenset({"select", "unbind"})


def plain_name(op: str) -> str:
    """The operator of which `op` is the in-place, the unsafe or the copying twin.

    >>> plain_name("add_"), plain_name("unsafe_split"), plain_name("slice_copy"), plain_name("__and__")
    ('add', 'split', 'slice', '__and__')
    """
    if is_in_place(op):
        op = op[:-1]
    return op.removeprefix("unsafe_").removesuffix("_copy") or op


def is_in_place(op: str) -> bool:
    """True for operators that overwrite their first input."""
    return op.endswith("_") and not op.endswith("__") and "::" not in op
