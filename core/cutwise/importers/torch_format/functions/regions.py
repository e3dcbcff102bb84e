"""What ops inside an autograd function keep: what the function saves, and nothing of their own."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cutwise.importers.torch_format.facts import TorchStep
from cutwise.importers.torch_format.nodes import Call
from cutwise.importers.torch_format.schema import Metadata

FRAME = re.compile(r'File "([^"]*)", line \d+, in (\w+)\n([^\n]*)')
APPLIED = re.compile(r"(\w+)\.apply\(")
EXPORTER, BRIDGE = "functional_export.py", "autograd_function.py"


@dataclass(frozen=True, slots=True)
class CustomFunction:
    """An autograd function: its name, its calls, and the tensors it saves.

    `saves` is None where only the ops are known: then it is taken to save what it reads.
    """

    name: str
    calls: frozenset[str]
    saves: tuple[str, ...] | None = None


def function_of(metadata: Metadata) -> str:
    """The autograd function that a node runs in by its stack trace, or empty.

    Behind the line that applies one, a `forward` runs that is none of the modules around.

    >>> trace = 'File "net.py", line 3, in forward\\n    return Swish.apply(x)\\n'
    >>> trace += 'File "net.py", line 9, in forward\\n    return x * x.sigmoid()'
    >>> function_of({"stack_trace": trace, "nn_module_stack": "L__self__,,net.Net"})
    'Swish'
    >>> function_of({"stack_trace": trace, "nn_module_stack": "L__self__,,net.Net;a,a,net.Layer"})
    ''
    """
    trace = metadata.get("stack_trace")
    if not isinstance(trace, str) or ".apply(" not in trace:
        return ""
    frames = [frame for frame in FRAME.findall(trace + "\n") if EXPORTER not in frame[0]]
    modules = str(metadata.get("nn_module_stack", "")).count(";") + 1
    bridged = any(BRIDGE in file for file, _, _ in frames)
    forwards = sum(function == "forward" for _, function, _ in frames)
    names = [found[1] for _, _, code in frames[:-1] if (found := APPLIED.search(code))]
    return names[-1] if names and (bridged or forwards > modules) else ""


def traced_functions(calls: Sequence[Call]) -> Iterator[CustomFunction]:
    """The functions that stack traces name: calls one after another in one function are one of them."""
    name, members = "", list[str]()
    for call in [*calls, Call("", "", "", (), ())]:
        if members and call.function != name:
            yield CustomFunction(name, frozenset(members))
            members = []
        name = call.function
        if name:
            members.append(call.name)


def kept_by_functions(steps: Sequence[TorchStep], functions: Sequence[CustomFunction]) -> list[TorchStep]:
    """`steps` with what those inside `functions` keep; of a function inside another the outer one decides.

    No gradient is recorded inside them, and none stops at them.
    """
    found, places = list(steps), defaultdict[str, list[int]](list)
    for at, step in enumerate(steps):
        places[step.name].append(at)
    for function in functions:
        members = sorted(at for name in function.calls for at in places.get(name, ()))
        keeps = _keeps(found, members, function.saves)
        for at in members:
            attrs = {name: value for name, value in found[at].attrs.items() if name != "stops_gradient"}
            found[at] = replace(found[at], attrs={**attrs, "keeps": keeps[at]})
    return found


def _keeps(
    steps: Sequence[TorchStep], members: Sequence[int], saves: Sequence[str] | None
) -> Mapping[int, tuple[int, ...]]:
    """For each member the places of what it keeps: of an input, or -1 for its result.

    What several read the last one keeps, which most likely has a gradient.
    """
    made = {name: at for at in members for name in steps[at].outputs}
    read = [(at, place, name) for at in members for place, name in enumerate(steps[at].inputs)]
    wanted = dict.fromkeys(name for _, _, name in read if name not in made) if saves is None else saves
    keeps: dict[int, tuple[int, ...]] = dict.fromkeys(members, ())
    for name in dict.fromkeys(wanted):
        reader = next(((at, place) for at, place, other in reversed(read) if other == name), None)
        if reader is not None:
            keeps[reader[0]] = (*keeps[reader[0]], reader[1])
        elif name in made:
            keeps[made[name]] = (*keeps[made[name]], -1)
    return keeps


def doubts(functions: Sequence[CustomFunction], steps: Sequence[TorchStep]) -> Iterator[str]:
    """What is not known of functions that steps run."""
    names = {step.name for step in steps}
    used = [function for function in functions if function.calls & names]
    if used:
        called = ", ".join(map(repr, dict.fromkeys(function.name for function in used)))
        kept = "what they save themselves" if all(f.saves is not None for f in used) else "what they read"
        yield (
            f"{len(used)} autograd functions ({called}) have a backward pass of their own: they are taken to "
            f"keep {kept}, and to cost backward what their forward ops would"
        )
