"""How the devices of a scheme learn, in the names that the convergence study gives to trainings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """What a scheme says of its training, beside what its rounds show.

    `in_turn` and `at_once` are the study's names for devices that train one after another and all together;
    groups at once, devices in turn within them, are its "gsfl". With `pooled` the data lie together at the
    server; with `own_codec` the scheme sets the compressor, whatever the scenario gives.
    """

    in_turn: str = "split_learning"
    at_once: str = "split_federated"
    pooled: bool = False
    own_codec: bool = False


SPLIT = Learning()
ONE_SERVER_MODEL = Learning(at_once="split_federated_v2")
WHOLE_MODELS = Learning(at_once="federated")
POOLED = Learning(in_turn="centralised", pooled=True)
