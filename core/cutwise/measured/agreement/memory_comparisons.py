"""Comparisons of memory and of generating text, over the rows that are shipped."""

from __future__ import annotations

from cutwise.measured.agreement.comparisons import COMPARISONS, AgreementBounds, HeldComparison
from cutwise.measured.agreement.held_rows import HeldRow
from cutwise.measured.decoding_rates import predicted_rates
from cutwise.measured.memory_runs import predicted_memory

GEERLING = "geerlingguy/ai-benchmarks (2025-12)"


def _peaks() -> tuple[HeldRow, ...]:
    return tuple(
        HeldRow(
            name=f"{run.model}, {run.options}, batch {run.batch_size} of {run.sequence_length}",
            hardware="processor", hardware_class="cpu_x86", family="language model",
            measured=run.measured_peak_bytes, predicted=run.peak_bytes,
        )
        for run in predicted_memory()
    )  # fmt: skip


def _rates() -> tuple[HeldRow, ...]:
    return tuple(
        HeldRow(
            name=f"{rate.model}, {rate.number_format}", hardware=rate.machine, hardware_class=rate.decoding,
            family="language model", measured=rate.measured_tokens_per_s, predicted=rate.tokens_per_s,
            is_learnt=True,
        )
        for rate in predicted_rates()
    )  # fmt: skip


COMPARISONS.add(
    "memory_peak",
    HeldComparison(
        title="Peak of a training step", quantity="peak memory", unit="B",
        source="own runs of torch, transformers and peft", licence="own", level="memory model", rows=_peaks,
        bounds=AgreementBounds(most_mean_error_ratio=0.03),
    ),
)  # fmt: skip
COMPARISONS.add(
    "decoding_rate",
    HeldComparison(
        title="Text generation, a batch of one", quantity="tokens a second", unit="1/s",
        source=GEERLING, licence="MIT", level="class of decoding", rows=_rates,
        bounds=AgreementBounds(most_mean_error_ratio=0.35),
    ),
)  # fmt: skip
