"""The blueprint of a decoder with mixtures of experts, and what is to be said of its routing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import ACTIVATIONS, Blueprint, language_output
from cutwise.importers.hugging_face.mixtures.experts import Experts
from cutwise.importers.hugging_face.mixtures.routers import softmax_of_all
from cutwise.importers.hugging_face.mixtures.stack import (
    Branch,
    Projections,
    Stack,
    self_attention,
    write_stack,
)


def chosen_experts(
    keys: Keys, count: str, hidden: str, *, chosen: str = "num_experts_per_tok", normed: bool = False
) -> Experts:
    """Experts by the keys of their number and width, routed by a softmax over all of them."""
    many, few = keys.count(count), keys.count(chosen)
    if few > many:
        keys.refuse(f"{chosen} is {few}, more than {count} = {many}", f"at most {many}")
    return Experts(
        count=many,
        chosen=few,
        hidden=keys.count(hidden),
        act=keys.word("hidden_act", ACTIVATIONS, "silu"),
        route=partial(softmax_of_all, normed=normed),
    )


def mixture_decoder(
    keys: Keys,
    experts: Experts,
    attention: Sequence[Projections | Branch],
    work: Sequence[Branch],
    *,
    plain: Branch | None = None,
    tied: bool = False,
    centred: bool = False,
    scaled: bool = False,
    head_bias: bool = False,
    whole_norms: bool = False,
) -> Blueprint:
    """A decoder of these branches, one of each a layer; all of `work` but `plain` ones route to `experts`."""
    attends = [partial(self_attention, one) if isinstance(one, Projections) else one for one in attention]
    stack = Stack(
        width=keys.count("hidden_size"),
        vocabulary=keys.count("vocab_size"),
        layers=tuple(zip(attends, work, strict=True)),
        output=language_output(keys, "lm_head", tied=tied, scaled=scaled, bias=head_bias),
        centred=centred,
        scaled=scaled,
        whole_norms=whole_norms,
    )
    windows = (one.heads.window for one in attention if isinstance(one, Projections))
    routed = sum(branch is not plain for branch in work)
    return Blueprint(
        write=partial(write_stack, stack),
        most_tokens=keys.count("max_position_embeddings"),
        window=min((window for window in windows if window is not None), default=None),
        notes=(routing_note(experts, layers=routed, width=stack.width),) if routed else (),
    )


def routing_note(experts: Experts, *, layers: int, width: int) -> str:
    """What is assumed of the routing, and what it sends where a cut runs inside a layer."""
    return (
        f"in {layers} layers a token passes {experts.chosen} of {experts.count} experts, all equally likely: "
        f"a cut between router and experts sends {experts.chosen} rows of {width:,} numbers a token each way,"
        " one before the router a single row; a layer's experts are not divided among parties, so that no "
        "traffic from all to all is planned"
    )
