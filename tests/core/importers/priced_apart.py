"""A configuration read and priced in a process of its own, as one command is."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from cutwise.guarded.guarded_process import PROJECT

SCRIPT = (
    "import json, re, sys, time; sys.path.insert(0, sys.argv[1]); start = time.process_time()\n"
    "from cutwise.importers.hugging_face.config_file import from_config\n"
    "from cutwise.costs.graph_cost import price\n"
    "from cutwise.costs.workload import Workload\n"
    "price(from_config(json.loads(sys.argv[2]), {}), Workload())\n"
    "peak = re.search(r'VmHWM:\\s*(\\d+) kB', open('/proc/self/status').read())[1]\n"
    "print(time.process_time() - start, peak)"
)


def priced_apart(config: dict[str, Any]) -> tuple[float, float]:
    """Seconds of computing, imports included, and the most kilobytes that it took."""
    command = [sys.executable, "-c", SCRIPT, str(PROJECT), json.dumps(config)]
    seconds, kilobytes = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(seconds), float(kilobytes)
