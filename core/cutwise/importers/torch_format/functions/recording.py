"""Notes down, while PyTorch exports a module, which ops an autograd function runs and what it saves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cutwise.importers.torch_format.schema import FunctionNote


@contextmanager
def recorded_functions() -> Iterator[list[FunctionNote]]:
    """A list that fills with the functions that are applied inside, those inside others first.

    Tensors are named as in the exported graph; inputs of the graph as "#" and their place among them.
    """
    from torch.autograd import Function
    from torch.autograd.function import FunctionCtx

    found: list[FunctionNote] = []
    running: list[FunctionNote] = []
    apply, save = Function.__dict__["apply"], FunctionCtx.save_for_backward

    def noted_apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
        before = _node_names()
        running.append({"name": cls.__name__, "calls": [], "saves": []})
        try:
            return apply.__func__(cls, *args, **kwargs)
        finally:
            note = running.pop()
            note["calls"] = _node_names()[len(before) :]
            if note["calls"]:
                found.append(note)

    def noted_save(self: Any, *tensors: Any) -> None:
        if running:
            running[-1]["saves"] += filter(None, map(_name_of, tensors))
        save(self, *tensors)

    Function.apply, FunctionCtx.save_for_backward = classmethod(noted_apply), noted_save  # type: ignore[method-assign, assignment]
    try:
        yield found
    finally:
        Function.apply, FunctionCtx.save_for_backward = apply, save  # type: ignore[method-assign]


def _graph() -> Any:
    """The graph that is being traced, or None; its place differs between releases of PyTorch."""
    try:
        from torch.fx.experimental.proxy_tensor import get_proxy_mode

        mode = get_proxy_mode()
    except ImportError:
        return None
    return None if mode is None else mode.tracer


def _node_names() -> list[str]:
    tracer = _graph()
    return [] if tracer is None else [node.name for node in tracer.graph.nodes]


def _name_of(tensor: Any) -> str:
    from torch.fx.experimental.proxy_tensor import get_proxy_slot

    tracer = _graph()
    slot = None if tracer is None or tensor is None else get_proxy_slot(tensor, tracer, None)
    node = getattr(getattr(slot, "proxy", None), "node", None)
    if node is None:
        return ""
    if node.op != "placeholder":
        return str(node.name)
    places = [other for other in tracer.graph.nodes if other.op == "placeholder"]
    return f"#{places.index(node)}"
