"""Autograd functions in programs that say nothing of them: neither stack traces nor notes.

A chain of elementwise ops may be one function that keeps its input alone, or PyTorch's own ops that keep
each what it needs: the program looks the same. One chain is known by its constants.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cutwise.importers.torch_format.functions.regions import CustomFunction
from cutwise.importers.torch_format.kinds import KINDS, plain_name
from cutwise.importers.torch_format.nodes import Call

# √(2/π) in eight digits, as the function of Megatron-LM and BLOOM has it, whose backward pass is written
# out beside it (megatron/core/fusions/fused_bias_gelu.py, transformers' modeling_bloom.py); others have more.
KNOWN = {0.79788456: "GeLUFunction"}
ELEMENTWISE = frozenset({
    "relu", "sigmoid", "tanh", "exp", "sqrt", "elu", "reciprocal", "leaky_relu", "pow", "erf", "abs", "log",
    "sin", "cos", "softplus", "neg", "add", "sub", "mul", "div", "maximum", "minimum", "where", "clip",
})  # fmt: skip


def guessed_functions(calls: Sequence[Call]) -> Iterator[CustomFunction]:
    """Chains that are known to be a function that keeps its input."""
    for source, chain in _chains(calls).items():
        name = next((KNOWN[v] for call in chain for v in _numbers(call) if v in KNOWN), "")
        if name:
            yield CustomFunction(name, frozenset(call.name for call in chain), (source,))


def guess_doubts(calls: Sequence[Call], known: Sequence[CustomFunction]) -> Iterator[str]:
    """That chains may be functions of their own, where no one says."""
    told = frozenset[str]().union(*(function.calls for function in known))
    chains = [chain for chain in _chains(calls).values() if not told & {call.name for call in chain}]
    if chains:
        yield (
            f"{len(chains)} chains of elementwise ops (such as {chains[0][0].name!r} to "
            f"{chains[0][-1].name!r}) are taken for PyTorch's own; an autograd function in their place may "
            "keep less: export again with cutwise export, which notes such functions"
        )


def _numbers(call: Call) -> Iterator[float]:
    return (value for _, value in call.arguments if isinstance(value, float))


def _chains(calls: Sequence[Call]) -> Mapping[str, list[Call]]:
    """By the tensor they start from: two or more elementwise calls that read it and each other alone."""
    chains: dict[str, list[Call]] = {}
    start: dict[str, str] = {}
    for call in calls:
        if KINDS.get(plain_name(call.op)) not in ELEMENTWISE:
            continue
        starts = {start.get(name, name) for name in call.refs()}
        if len(starts) != 1 or len(call.outputs) != 1:
            continue
        (source,) = starts
        chains.setdefault(source, []).append(call)
        start[call.outputs[0]] = source
    return {source: chain for source, chain in chains.items() if _keeps_much(chain)}


def _keeps_much(chain: Sequence[Call]) -> bool:
    """True where a product of two tensors of the chain would keep both."""
    made = {name for call in chain for name in call.outputs}
    return any(len(call.refs()) > 1 and made & set(call.refs()) and plain_name(call.op) in ("mul", "div")
               for call in chain)  # fmt: skip
