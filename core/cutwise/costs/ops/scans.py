"""Costs of state space models: a state that each token changes, step by step or a chunk at a time.

As the transformers library runs them in plain PyTorch. The kernels of mamba-ssm make the states anew in
backward and keep less.
"""

from __future__ import annotations

from cutwise.costs.ops.formula import FORMULAS, OpCall, OpWork
from cutwise.units import FLOP_PER_MULTIPLY_ADD

STATE_BYTES = 4  # states and their decays are fp32 in every format
# FLOPs of one state of one feature beside the product that reads it: decay 2, input 2, update 2.
STEP_FLOPS = 6
# FLOPs of a feature: its own input times a weight, added.
SKIP_FLOPS = 2
# Tensors that are kept of all states at all tokens: decays, inputs' weights, the states themselves.
KEPT_STATES = 3
# The backward pass makes each product's two gradients.
BACKWARD = 2


@FORMULAS.named("selective_scan")
def selective_scan(call: OpCall) -> OpWork:
    r"""Work of a state of `state_size` numbers for each feature that every token updates and reads.

    $h_t = e^{\Delta_t A} h_{t-1} + \Delta_t B_t x_t$, $y_t = C_t h_t + D x_t$ (Gu and Dao 2023, arXiv
    2312.00752, 2); inputs are x, the steps, B and C. The product with C is all that counts as multiply-adds;
    decays, weights of inputs and states of all tokens are kept.
    """
    states = call.elements * call.stated("state_size")
    first = states // call.stated("tokens")
    narrow = call.element_bytes if call.element_bytes < STATE_BYTES else 0
    forward = (FLOP_PER_MULTIPLY_ADD + STEP_FLOPS) * states + SKIP_FLOPS * call.elements
    return OpWork(
        forward_flops=forward,
        input_gradient_flops=BACKWARD * forward * call.needs_grad(),
        weight_gradient_flops=2 * (states + call.elements) * call.weights_trained,
        macs=states,
        saves=(0, 1, 2, 3),
        extra_bytes=STATE_BYTES * (KEPT_STATES * states + first) + narrow * states,
    )


@FORMULAS.named("chunked_scan")
def chunked_scan(call: OpCall) -> OpWork:
    r"""Work of a scan over chunks of Q tokens, heads of P features and N states (Dao and Gu 2024).

    arXiv 2405.21060, 6: in each of c chunks scores of all pairs of tokens, $Q^2 N$, their sum, $Q^2 P$, the
    chunk's states and what they give, $2 Q N P$, for each head; between chunks $(c + 1)^2 N P$. The last
    chunk is filled up.
    """
    heads, width, states, chunk = (call.stated(name) for name in ("heads", "head_dim", "state_size", "chunk"))
    tokens = call.stated("tokens")
    samples = call.elements // (tokens * heads * width)
    chunks = -(-tokens // chunk)
    pairs, places = chunks * chunk**2, chunks * chunk
    macs = pairs * (states + width) + 2 * places * states * width + (chunks + 1) ** 2 * states * width
    # Scores, decays and their product; tokens for both sums, the result of states, the skipped input; keys
    # and queries five times; states at the beginnings of chunks, twice; decays to and from them; and the
    # result of what fills up the last chunk.
    kept = (
        3 * pairs + 4 * places * width + 5 * places * states + (2 * chunks + 1) * states * width
        + 2 * places + (chunks + 1) ** 2 + (places - tokens) * width
    )  # fmt: skip
    forward = FLOP_PER_MULTIPLY_ADD * macs + pairs * SKIP_FLOPS + places * width * SKIP_FLOPS
    whole = samples * heads
    return OpWork(
        forward_flops=whole * forward,
        input_gradient_flops=BACKWARD * whole * forward * call.needs_grad(),
        weight_gradient_flops=2 * (whole * places + call.elements) * call.weights_trained,
        macs=whole * macs,
        saves=(0, 1),
        extra_bytes=STATE_BYTES * whole * kept,
    )
