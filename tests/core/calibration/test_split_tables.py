"""Tables of splits as people paste them: columns in many words, places in several ways."""

from pathlib import Path

import numpy as np
import pytest

import cutwise
from cutwise.__main__ import main
from cutwise.calibration.calibration_file import load_calibration
from cutwise.calibration.splits.split_fit import fit_splits, with_splits
from cutwise.calibration.splits.split_places import split_masks
from cutwise.calibration.splits.split_table import SplitRow, read_splits
from cutwise.costs.cut_sums import cut_sums
from cutwise.costs.workload import Workload
from cutwise.errors import CutwiseError
from cutwise.planning.one_device.cut_positions import smallest_split
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Scenario
from cutwise.scenario.time_levels import level_of


@pytest.mark.parametrize(
    "header",
    [
        "Split point,Partition 1 exec time (s),Partition 2 exec time (s),Network Transfer Time (s)",
        "cut,device_s,server_s,network_s",
        "Cut layer;Client time [s];Cloud time [s];Communication [s]",
        "layer\tlocal\tremote\tupload",
        "After\tMobile device time (s)\tEdge server time (s)\tTX time (s)",
        "split,Head time,Tail time,Transmission time,Total",
    ],
)
def test_columns_are_known_by_the_words_of_the_field(header: str) -> None:
    mark = max("\t;,", key=header.count)
    cells = ["pool", "0.5", "0.25", "1.5", "2.25"][: header.count(mark) + 1]
    (row,) = read_splits(f"{header}\n{mark.join(cells)}\n")
    assert row == SplitRow(cut="pool", device_s=0.5, server_s=0.25, network_s=1.5)


def test_units_stand_in_the_name_or_the_cell_and_empty_cells_are_not_measured() -> None:
    rows = read_splits(
        "cut;device (ms);server time in µs;network;FLOP share (%)\na;500;18;57 ms;25\nb;0,6 s;;;"
    )
    assert rows[0] == SplitRow(cut="a", device_s=0.5, server_s=18e-6, network_s=0.057, share_ratio=0.25)
    assert rows[1] == SplitRow(cut="b", device_s=0.6)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("device [min]", 300.0), ("device (us)", 5e-6), ("network_ms", 5e-3), ("Device time / h", 18_000.0),
        ("Server [µs]", 5e-6), ("server time in μs", 5e-6), ("Device, ms", 5e-3), ("device_ms_mean", 5e-3),
        ("Device (Pi 4) [ms]", 5e-3), ("DEVICE (MS)", 5e-3), ("client time [seconds]", 5.0),
        ("device/client", 5.0),
        ("network (upload)", 5.0), ("device (in ns)", 5e-9), ("device_min", 300.0), ("device d", 432_000.0),
        ("cloud (milliseconds)", 5e-3), ("TX time (msec)", 5e-3), ("device usec", 5e-6),
        ("device hours", 18_000.0),
        ("device min time", 5.0), ("device (s)", 5.0), ("Device (S)", 5.0), ("device [ days ]", 432_000.0),
    ],
)  # fmt: skip
def test_every_unit_of_time_in_a_name_is_converted(header: str, seconds: float) -> None:
    """Five of the unit, by what a minute, an hour and a day have."""
    (row,) = read_splits(f"cut;{header}\na;5")
    found = [one for one in (row.device_s, row.server_s, row.network_s) if one is not None]
    assert found == [pytest.approx(seconds)]


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("device [Hz]", "Hz"), ("device_hz", "hz"), ("device [m]", "m"), ("device m", "m"),
        ("device (D)", "D"), ("device (ms/batch)", "ms/batch"), ("device (s per sample)", "s per sample"),
        ("device [furlongs]", "furlongs"),
        ("Device rate Mbit/s", "Mbit/s"), ("Transfer size (MB)", "MB"), ("Device energy (J)", "J"),
        ("device weeks", "weeks"), ("device %", "%"), ("Device (Pi 4)", "Pi 4"), ("server / fps", "fps"),
        ("network [kbps]", "kbps"), ("client_cycles", "cycles"), ("server [мс]", "мс"),
    ],
)  # fmt: skip
def test_what_is_no_unit_of_a_time_is_refused_with_its_column(header: str, unit: str) -> None:
    with pytest.raises(CutwiseError) as told:
        read_splits(f"cut;{header}\na;5")
    assert str(told.value) == (
        f"splits: column '{header}': '{unit}' is no unit of a time; write ns, µs, ms, s, min, h or d in its "
        "place, or take the column out"
    )


def test_every_column_with_a_wrong_unit_is_told_and_those_that_mean_nothing_are_not() -> None:
    with pytest.raises(CutwiseError) as told:
        read_splits("cut;device [Hz];server (J);power [W]\na;1;2;3")
    assert len(told.value.mistakes) == 2  # type: ignore[attr-defined]
    assert read_splits("cut;device (ms);power [W]\na;1;3")[0] == SplitRow(cut="a", device_s=1e-3)
    with pytest.raises(CutwiseError, match="has the units s and ms; keep one of them"):
        read_splits("cut;device ms [s]\na;1")
    with pytest.raises(CutwiseError, match="'ms' is no unit of a share; write % in its place, or nothing"):
        read_splits("share [ms];device\n0.5;1")


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("", "splits: name the columns in the first row"),
        ("cut,device", "splits: name the columns in the first row"),
        ("1,0.5\n2,0.7", "splits: name the columns in the first row"),
        ("cut,total\na,1", "splits: name the columns in the first row"),
        ("cut,device,client\na,1,2", "two columns name the device; leave one out"),
        ("cut,device\na,fast", "splits, row 1: device: “fast” is not a number for a time"),
        ("cut,device\na,1\nb,-2", "splits, row 2: device: '-2' is below 0; correct it"),
        ("cut,device\na,1,2", "splits, row 1: cells: 3, column names: 2"),
        ("cut,device\n,1", "splits, row 1: says of no cut what was measured"),
        ("model,cut,device\nvgg,a,1\nalex,a,1", "splits: rows are of 2 models; paste those of one"),
        ('cut,device\n"a,1', "splits: is no table"),
        ("cut,device\n" + "a,1\n" * 501, "splits: has 501 rows, at most 500 are fitted"),
        ("cut,device\n" + "a" * 1_000_001, "characters, at most 1,000,000 are read; paste fewer rows"),
        ("cut,share\na,1.5", "splits: name the columns"),
        ("share,device\n1.5,1", "splits, row 1: share: '1.5' is above 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_row(table: str, sentence: str) -> None:
    with pytest.raises(CutwiseError) as told:
        read_splits(table)
    assert sentence in str(told.value)


def problem_of(mode: str = "inference", **server: float) -> SplitProblem:
    scenario = Scenario(
        workload=Workload(mode=mode, batch_size=4),  # type: ignore[arg-type]
        devices=(Device(profile="raspberry_pi_4"),),
        server=Server(profile="rtx_3090", **server),  # type: ignore[arg-type]
    )
    return build_problem(cutwise.load_model("sample:resnet18"), scenario)


def test_a_place_is_an_op_a_block_a_position_or_a_share() -> None:
    problem = problem_of()
    names = [op.id for op in problem.cost.graph.ops]
    rows = [SplitRow(cut="maxpool"), SplitRow(cut="layer1"), SplitRow(cut="layer2.0"), SplitRow(cut="0")]
    masks = split_masks(problem, [*rows, SplitRow(cut="", share_ratio=1.0), SplitRow(cut="bn1, conv1")])
    assert [name for name, on in zip(names, masks[0], strict=True) if on] == names[
        : names.index("maxpool") + 1
    ]
    assert masks[1].sum() == 1 + max(at for at, name in enumerate(names) if name.startswith("layer1/"))
    assert masks[2][names.index("layer2/0/relu2")]
    assert not masks[2][names.index("layer2/1/conv1")]
    assert (masks[3] == smallest_split(problem)).all()
    assert masks[4].all()
    assert masks[5].sum() == 3
    with pytest.raises(
        CutwiseError, match="splits, row 2: cut 'layr1': the model has no such op or block; did"
    ):
        split_masks(problem, [rows[0], SplitRow(cut="layr1")])
    with pytest.raises(CutwiseError, match="cut 999: the model has positions 0 to"):
        split_masks(problem, [SplitRow(cut="999")])


def by_hand(problem: SplitProblem, places: list[str]) -> list[SplitRow]:
    """Rows of a board of 20 GFLOP/s, 1 GB/s and 50 µs a start, a server 50 times as fast, and 100 Mbit/s."""
    sums = cut_sums(problem.cost, split_masks(problem, [SplitRow(cut=place) for place in places]))

    def took_s(side: str, times: float) -> np.ndarray:
        of = getattr(sums, side)
        backward = 0.0
        if problem.scenario.workload.training:
            backward = (
                4 * of.backward_flops / 2e10 + (4 * of.backward_moved_bytes + of.backward_read_bytes) / 1e9
            )
            backward = 2.0 * (backward + of.backward_launches * 5e-5)
        forward = (
            4 * of.forward_flops / 2e10 + (4 * of.moved_bytes + of.read_bytes) / 1e9 + of.launches * 5e-5
        )
        return (forward + backward) / times

    network = 8 * 4 * (sums.output_bytes + sums.gradient_bytes) / 1e8
    return [
        SplitRow(cut=place, device_s=device, server_s=server, network_s=sent)
        for place, device, server, sent in zip(
            places, took_s("device", 1.0), took_s("server", 50.0), network, strict=True
        )
    ]


PLACES = [
    "conv1",
    "maxpool",
    "layer1/0",
    "layer1",
    "layer2/0",
    "layer2",
    "layer3/0",
    "layer3",
    "layer4/0",
    "layer4",
]


@pytest.mark.parametrize("mode", ["inference", "training"])
def test_rows_that_were_made_from_constants_give_them_back(mode: str) -> None:
    problem = problem_of(mode)
    found = fit_splits(problem, by_hand(problem, PLACES * 4))
    assert found.rate_bps == pytest.approx(1e8)
    for side in ("device", "server", "network"):
        assert found.error_ratio(side) < 0.08
    assert found.device is not None
    assert found.device.rates.flops_per_s == pytest.approx(2e10, rel=0.15)
    assert found.device.rates.moved_bytes_per_s == pytest.approx(1e9, rel=0.15)
    assert [row.place for row in found.rows[:2]] == ["after conv1", "after maxpool"]
    assert len(found.to_frame()) == 40


def test_what_was_fitted_goes_into_the_scenario() -> None:
    problem = problem_of("training")
    scenario = with_splits(problem.scenario, fit_splits(problem, by_hand(problem, PLACES)), date="2026-12-01")
    assert level_of(scenario.devices[0]) == level_of(scenario.server) == "fitted"
    assert scenario.channel.uplink_bps == pytest.approx(1e8)
    rows = [SplitRow(cut=row.cut, device_s=row.device_s) for row in by_hand(problem, PLACES)]
    scenario = with_splits(problem.scenario, fit_splits(problem, rows), date="2026-12-01")
    assert (level_of(scenario.devices[0]), level_of(scenario.server)) == ("fitted", "datasheet")
    assert scenario.channel == problem.scenario.channel


def test_a_table_that_says_nothing_of_the_model_is_refused() -> None:
    with pytest.raises(CutwiseError, match="no row has seconds of anything that runs"):
        fit_splits(problem_of(), [SplitRow(cut="0", device_s=0.0)])


def test_the_command_prints_the_fit_and_writes_both_machines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, device, server = tmp_path / "splits.csv", tmp_path / "device.toml", tmp_path / "server.toml"
    table.write_text(
        "cut,device,server,network\nmaxpool,0.1,0.02,0.05\nlayer1,0.4,0.015,0.05\nlayer3,1,0.006,0.02\n"
    )
    words = ["fit-splits", "sample:resnet18", "--table", str(table), "--device-out", str(device)]
    assert main([*words, "--server-out", str(server)]) == 0
    printed = capsys.readouterr().out
    assert "device" in printed
    assert "after maxpool: device 0.1 s, fitted" in printed
    assert load_calibration(device).rows == 3
    assert load_calibration(server).source == "a table of measured splits"
