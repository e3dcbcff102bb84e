"""What the ruler says beside its lanes, in the words of training or of inference."""

from __future__ import annotations

from cutwise.analyses.cut_curve import CutCurve
from cutwise.planning.answer.shared_weight_words import TIED
from cutwise.planning.one_device.cut_positions import positions_left_out
from cutwise.plans.inference_words import said
from cutwise_dashboard.format import sentence_case
from cutwise_dashboard.question import AnsweredQuestion

ONE_PIECE, FEW = "Hardly any cut is left: {why}.", 3
THINNED = (
    "{drawn:,} of {all:,} cuts are drawn and compared in words, evenly spaced; the plan weighs all of them."
)
ALL_STAY = "Every op must stay on the device: there is no cut to choose."
OBJECTIVES = {"delay": "best", "energy": "best by energy", "weighted": "best by delay and energy"}


def captions(question: AnsweredQuestion, device: int) -> dict[str, str]:
    """The titles of the lanes: long, and short for a narrow screen."""
    training = question.problem.workload.training
    decision = question.plan.decisions[device]
    batch = said(f"one mini-batch of {question.problem.workload.batch_size}", training=training)
    coded = f", compressed ({decision.compression})" if decision.compression else ""
    others = len(question.plan.decisions) - 1
    kept = ", the cuts of all other devices kept" if others else ""
    turn = said("One round", training=training)
    turn = f"{turn} of {decision.device} if cut here"
    return {
        "bytes": f"Sent up if cut here, {batch}{coded}",
        "bytesShort": f"Sent up, {batch}{', compressed' if decision.compression else ''}",
        "delay": f"{turn}{kept}",
        "delayShort": f"{turn.removesuffix(' if cut here')}{', others kept' if others else ''}",
        "private": said(_private_text(question), training=training),
    }


def _private_text(question: AnsweredQuestion) -> str:
    ops = int(question.problem.pinned.sum())
    return f"private: {ops} of {len(question.problem.cost.graph)} ops stay"


def note_of(question: AnsweredQuestion, curve: CutCurve) -> str:
    """Why there are hardly any cuts, or not all of them, where that is so: a sentence, else empty."""
    pins = question.plan.pins
    if len(curve.names) == 1:
        return f"{sentence_case(pins[-1].sentence)}." if pins else ALL_STAY
    if left_out := positions_left_out(question.problem):
        return THINNED.format(drawn=len(curve.names), all=len(curve.names) + left_out)
    tied = [pin.sentence for pin in pins if pin.rule == TIED]
    return ONE_PIECE.format(why=tied[0]) if tied and len(curve.names) <= FEW else ""


def said_of(question: AnsweredQuestion) -> dict[str, str]:
    """The words of the labels and of the tip."""
    training = question.problem.workload.training
    return {
        "best": OBJECTIVES[question.problem.scenario.objective.kind],
        "turn": said("One round", training=training),
        "all": said("The round of all devices", training=training),
        "sent": said("Sent up, one mini-batch", training=training),
    }
