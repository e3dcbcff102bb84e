"""How the loss is computed, which decides how often the logits are in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cutwise.fields.field_values import Settled
from cutwise.units import quantity

LossForm = Literal["upcast", "same", "in_place", "in_parts", "fused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss(Settled):
    """The loss behind the model's outputs; what is None follows the preset.

    "upcast": logits are copied to fp32 first (transformers), 12 bytes a logit at the peak. "same": in the
    logits' own format. "in_place": one kernel writes the gradient over an fp32 copy. "in_parts": logits
    stay, their log-probabilities are made part by part in the same format (litgpt). "fused": head and loss
    are one kernel that never holds all logits. With `parts` above 1 head and loss run on one part of the
    tokens after another, and once more in the backward pass (torchtune).
    """

    kind: Literal["cross_entropy", "none"] = quantity(
        "cross_entropy", title="Loss", help="Cross entropy over the last outputs, or no loss at all"
    )
    compute: LossForm | None = quantity(
        None, title="Loss computed",
        help="upcast: copied to fp32; same: in the logits' format; in_place, in_parts, fused: kernels that "
        "hold fewer copies. upcast unless the preset says otherwise",
    )  # fmt: skip
    parts: int | None = quantity(
        None, ge=1, le=1_000_000, title="Parts of the loss", scale="log", shown=(1, 256),
        help="Parts of the tokens that head and loss run on in turn; 1 unless the preset says otherwise",
    )  # fmt: skip
    kept_logits: bool | None = quantity(
        None, title="Logits kept",
        help="Who called the model holds its logits beside the loss; yes unless the preset says otherwise",
    )  # fmt: skip
