"""Split training as it ran beside what is predicted for it: shipped runs, recorded ones, and one of now."""

from __future__ import annotations

import torch

from cutwise.measured.split_runs import benchmark_of, layer_benchmark, run_of, split_runs
from tests.shared_files import DATA
from tests.testbed.__main__ import SETTINGS
from tests.testbed.bed_run import run_document
from tests.testbed.layer_bench import layer_benchmark_document
from tests.testbed.predicted_table import print_levels
from tests.testbed.recorded_runs import recorded_benchmark, recorded_run
from tests.testbed.split_training import server_link

NOW, CUTS, STEPS = "gpt_slow_4", (1, 5, 9, 13, 17, 18), 3
RECORDED = DATA / "testbed"


def run() -> None:
    for shipped in split_runs():
        print_levels(shipped, layer_benchmark())
    if RECORDED.exists():
        benchmark = recorded_benchmark(RECORDED / "micro.json")
        for path in sorted(RECORDED.glob("v2_*.json")):
            print_levels(recorded_run(path), benchmark)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with server_link() as link:
        setting = SETTINGS[NOW]
        found = run_document(link, setting.bed, batch=setting.batch, steps=STEPS, cuts=CUTS)
    about = {"name": f"{NOW}, now", "date": "", "machine": "", "command": ""}
    print_levels(run_of(about | found), benchmark_of(layer_benchmark_document()))
    torch.set_num_threads(threads)
