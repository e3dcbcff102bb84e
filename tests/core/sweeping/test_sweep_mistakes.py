"""What is wrong with a sweep is said before it starts, a sentence each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cutwise
from cutwise.errors import CutwiseError, ScenarioError
from cutwise.scenario.parts import Scenario
from cutwise.sweeping.sweep_file import read_sweep_file, sweep_in
from cutwise.sweeping.whole_sweep import made_sweep

HEAD = 'model = "sample:vgg16"\n'
SEED = "[over]\nseed = [1]\n"
DRAWN = 'design = "random"\nrows = 5\n'


def written(folder: Path, text: str) -> Path:
    file = folder / "spec.toml"
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f'models = ["sample:vgg16"]\n{HEAD}{SEED}', "model: give one model, or models, not both"),
        (f"models = []\n{SEED}", "models: name at least one model"),
        (f"models = [3]\n{SEED}", "models: give a list of model names"),
        (f'models = ["sample:vgg16", "sample:vgg16"]\n{SEED}', "models: 'sample:vgg16' is named twice"),
        (f'{HEAD}schemes = ["gsfl", "gsfl"]\n{SEED}', "schemes: 'gsfl' is named twice; name it once"),
        (f'{HEAD}design = "gird"\n{SEED}', "design: unknown design 'gird'; known are grid, paired, random"),
        (f'{HEAD}design = "random"\n{SEED}', "rows: say how many rows random draws"),
        (f"{HEAD}rows = 5\n{SEED}", "rows: grid counts its rows itself; leave rows out"),
        (f'{HEAD}design = "random"\nrows = 0\n{SEED}', "rows: give a whole number of at least 1, not 0"),
        (f"{HEAD}seed = -1\n{SEED}", "seed: give a whole number of at least 0, not -1"),
        (f"{HEAD}part_rows = 1.5\n{SEED}", "part_rows: give a whole number of at least 0, not 1.5"),
        (f'{HEAD}zip = true\ndesign = "grid"\n{SEED}', "zip: pairs lists, which is no design 'grid'"),
        (f"{HEAD}[over]\nseed = {{from = 1}}\n", "[over] 'seed': a range needs from and to"),
        (
            f"{HEAD}[over]\nseed = {{from = 1, to = 5}}\n",
            "'seed': say how many points of the range there are",
        ),
        (
            f"{HEAD}[over]\nseed = {{from = 1, to = 5, points = 1}}\n",
            "'seed': points is 1; give a whole number",
        ),
        (
            f"{HEAD}{DRAWN}[over]\nseed = {{from = 1, to = 5, points = 9}}\n",
            "'seed': rows are drawn from the",
        ),
        (
            f"{HEAD}{DRAWN}[over]\nseed = {{from = 1, to = 5, step = 2}}\n",
            "'seed': unknown key 'step' of a range",
        ),
        (
            f'{HEAD}{DRAWN}[over]\nseed = {{from = 1, to = 5, spacing = "cubic"}}\n',
            "spacing is 'cubic'; give",
        ),
    ],
)
def test_a_mistake_in_a_file_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        read_sweep_file(written(tmp_path, text))
    (mistake,) = refused.value.mistakes
    assert mistake.startswith("spec.toml: ")
    assert sentence in mistake


OVER: list[tuple[dict[str, Any], str]] = [
    ({"channel.uplnk_bps": [1]}, "channel.uplnk_bps: unknown field 'uplnk_bps'; did you mean 'uplink_bps'?"),
    ({"channel.uplink_bps": [1e6, -1.0]}, "channel.uplink_bps: must be greater than or equal to"),
    ({"channel.uplink_bps": np.array([1e6, np.nan])}, "channel.uplink_bps: "),
    ({"workload.batch_size": [1, 2, 1.5, 3]}, "workload.batch_size: must be a valid integer, not 1.5"),
    ({"workload.batch_size": []}, "'workload.batch_size' has an empty list"),
    ({"workload.batch_size": 5}, "'workload.batch_size' needs a list of values, not 5"),
    ({"workload.optimizer": ["sgd", "lion"]}, "workload.optimizer: must be 'sgd', 'sgd_momentum', 'adamw'"),
    ({"seed": {"from": 5, "to": 5, "points": 2}}, "'seed': from has to be below to; these are 5 and 5"),
    ({"seed": {"from": 1, "to": 3, "points": 9}}, "'seed': there are no 9 whole numbers from 1 to 3"),
    (
        {"channel.uplink_latency_s": {"from": 0, "to": 1, "spacing": "log", "points": 3}},
        "'channel.uplink_latency_s': spacing log needs from above 0, not 0; give linear",
    ),
    ({"channel.kind": {"from": "a", "to": "b", "points": 2}}, "channel.kind: unknown channel 'a'"),
    (
        {"workload.optimizer": {"from": "sgd", "to": "adamw", "points": 2}},
        "'workload.optimizer': a range has numbers at its ends, not 'sgd'",
    ),
    (
        {"channel.kind": ["fixed_rate", "shannon"], "channel.uplink_bps": [1e6]},
        "channel.uplink_bps: unknown key",
    ),
    ({"seed": [1], "workload.batch_size": [4], "server": [5]}, "server"),
    ({"devices.0.samples": [5], "devices.*.samples": [6]}, "sets what 'devices.0.samples' sets"),
]


@pytest.mark.parametrize(("over", "sentence"), OVER, ids=[sentence for _, sentence in OVER])
def test_a_path_that_cannot_be_swept_is_one_sentence(over: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        made_sweep([cutwise.load_model("sample:vgg16")], Scenario(), over, schemes=("fast_split",))
    assert sentence in str(refused.value)
    assert len(refused.value.mistakes) == 1


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"schemes": ("fst",)}, "unknown scheme 'fst'"),
        ({"schemes": ("gsfl", "gsfl")}, "schemes: 'gsfl' is named twice"),
        ({"design": "girid"}, "unknown design 'girid'; did you mean 'grid'?"),
        ({"design": "random"}, "rows: say how many rows random draws"),
        ({"rows": 5}, "rows: grid counts its rows itself"),
        ({"design": "random", "rows": True}, "rows: give a whole number of at least 1, not True"),
        ({"design": "random", "rows": 10**12}, "makes 1,000,000,000,000 rows of scenarios"),
        ({"seed": "x"}, "seed: give a whole number of at least 0, not 'x'"),
        ({"design": "paired"}, "paired needs lists of one length, these have [1, 2]"),
    ],
)
def test_a_sweep_that_cannot_be_made_is_one_sentence(given: dict[str, Any], sentence: str) -> None:
    over = {"seed": [1], "workload.batch_size": [1, 2]}
    with pytest.raises(CutwiseError) as refused:
        made_sweep(
            [cutwise.load_model("sample:vgg16")], Scenario(), over, **{"schemes": ("fast_split",), **given}
        )
    assert sentence in str(refused.value)


def test_a_file_is_named_where_the_scenario_refuses_its_values(tmp_path: Path) -> None:
    file = written(tmp_path, f'{HEAD}{DRAWN}[over]\n"workload.batch_size" = {{from = 0, to = 5}}\n')
    with pytest.raises(
        ScenarioError, match=r"^spec\.toml: workload\.batch_size: must be greater than or equal"
    ):
        sweep_in(read_sweep_file(file), name=file.name)


def test_workers_need_somewhere_to_write() -> None:
    graph = cutwise.load_model("sample:vgg16")
    with pytest.raises(ScenarioError, match="workers: name a file or folder in out"):
        cutwise.sweep(graph, over={"seed": [1]}, workers=2)  # type: ignore[call-overload]
