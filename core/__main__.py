"""The command line: `python -m core COMMAND …`; every command takes `--json`.

Exit codes: 0 fine, 2 bad input (one clear sentence on the error stream), 3 infeasible.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from core.cli.arguments import parsed
from core.cli.told import BAD_INPUT, FINE
from core.errors import CutwiseError


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    try:
        known = parsed(list(sys.argv[1:] if arguments is None else arguments))
        code: int = known.run(known)
    except CutwiseError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    else:
        return code


if __name__ == "__main__":
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = FINE
    sys.exit(code)
