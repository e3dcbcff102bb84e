"""Every kind of input that is mutated."""

from __future__ import annotations

from tests.fuzz.contract import InputKind
from tests.fuzz.fleet_tables import FLEETS
from tests.fuzz.link_texts import LINKS
from tests.fuzz.measured_texts import CALIBRATION_FILES, SPLIT_TABLES
from tests.fuzz.named_things import NAMES
from tests.fuzz.question_texts import QUESTION_FILES
from tests.fuzz.scenario_texts import SCENARIO_FILES
from tests.fuzz.sweep_texts import SWEEP_FILES

INPUT_KINDS: tuple[InputKind, ...] = (
    LINKS, QUESTION_FILES, SCENARIO_FILES, FLEETS, SWEEP_FILES, NAMES, SPLIT_TABLES, CALIBRATION_FILES,
)  # fmt: skip
