"""What inference is called: it has requests and batches where training has rounds and mini-batches."""

from __future__ import annotations

import re

NOTHING_TRAINED = "nothing is trained"
"""What is known of the training of a plan in inference."""

IN_PLACE_OF = (
    (r"One round serves every (\w+) once", r"All requests of every \1 are served"),
    (r"\bA pass over all data\b", "All requests"),
    (r"\ba pass over all data\b", "serving all requests"),
    (r"\bpasses over all data\b", "serves all requests"),
    (r"% of the round\b", "% of the time"),
    (r"\bof (?:the|one|a) round\b", "of all requests"),
    (r"\ba slower round\b", "slower serving"),
    (r"\bOne round\b", "All requests"),
    (r"\bone round\b", "all requests"),
    (r"\bthe round takes\b", "all requests take"),
    (r"\bThe round takes\b", "All requests take"),
    (r"\bthe round\b", "the batches"),
    (r"\ba round\b", "for all requests"),
    (r"\brounds?\b", "requests"),
    (r"\bRounds?\b", "Requests"),
    (r"\breceiving gradients\b", "receiving results"),
    (r"\bmini-batch", "batch"),
    (r"\bepoch", "interval"),
    (r"\bEpoch", "Interval"),
    (r"\btraining samples\b", "requests"),
    (r"\bTraining samples\b", "Requests"),
    (r"\bpass over all data\b", "pass over all requests"),
    (r"\bEnergy of a pass\b", "Energy of all requests"),
    (r"\bAll data\b", "All requests"),
)
"""Training's words and inference's, the longer ones first."""


def in_inference(text: str) -> str:
    """A sentence about training in the words of inference.

    >>> in_inference("One round serves every device once, one after another.")
    'All requests of every device are served, one after another.'
    >>> in_inference("Energy of one round"), in_inference("62 % of the round")
    ('Energy of all requests', '62 % of the time')
    """
    for training, inference in IN_PLACE_OF:
        text = re.sub(training, inference, text)
    return text


def said(text: str, *, training: bool) -> str:
    """A sentence in the words of training, or of inference."""
    return text if training else in_inference(text)
