"""Counts published configurations with the transformers library: parameters, multiply-adds and saved bytes.

    python tests/core/importers/count_published.py tests/core/importers/published/FAMILY.json

fills "parameters" of each of the file's "models" from an instantiation without weights, those of each class
of its "heads", and "multiply_adds" and "saved_bytes" of each of its "runs" from a real pass on a processor.
It needs transformers, the suite does not: the counts are kept in the file with the version that made them.

"source" says where a configuration belongs. They were typed from what is known of the public files and not
fetched: a count checks how a configuration is read, not how it was typed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import transformers
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode


def made(entry: dict[str, Any], device: str) -> Any:
    """The model of an entry: its class is "class", or the first of the configuration's architectures.

    "own_output_table" is true where the published weights hold an output layer of their own and the library
    ties it in a model made without weights.
    "family" is the library's name of its model type where the file has another.
    """
    settings = {name: value for name, value in entry["config"].items() if name != "model_type"}
    config = transformers.AutoConfig.for_model(
        entry.get("family") or entry["config"]["model_type"], **settings
    )
    architectures = entry["config"].get("architectures") or ["AutoModel"]
    found = getattr(transformers, entry.get("class") or architectures[0])
    make = found.from_config if found.__name__.startswith("Auto") else found
    with torch.device(device):
        model = make(config)
        if entry.get("own_output_table"):
            model.lm_head.weight = torch.nn.Parameter(torch.empty_like(model.lm_head.weight))
        return model


def example(entry: dict[str, Any], batch: int) -> dict[str, Any]:
    """Inputs of a run: {"name": [dtype, shape of one sample]}; whole numbers are below "vocabulary"."""
    made_inputs = {}
    for name, (dtype, shape) in entry["inputs"].items():
        size = (batch, *shape)
        whole = torch.randint(2, entry.get("vocabulary", 10), size) if dtype == "int64" else torch.rand(size)
        made_inputs[name] = whole
    return made_inputs


def saved_bytes(model: Any, inputs: dict[str, Any]) -> int:
    """Bytes of all storages that one forward pass keeps, without those of parameters and buffers."""
    own = {t.untyped_storage().data_ptr() for t in (*model.parameters(), *model.buffers())}
    kept: dict[int, Any] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        answer = model(**inputs)
    size = sum(storage.nbytes() for at, storage in kept.items() if at not in own)
    del answer
    return size


@contextmanager
def one_product_each(model: Any) -> Iterator[None]:
    """Experts one by one: the counter does not know the grouped product that the library runs otherwise."""
    mixture = any(name.endswith(".experts") for name, _ in model.named_modules())
    if mixture:
        model.set_experts_implementation("eager")
    yield
    if mixture:
        model.set_experts_implementation("grouped_mm")


def run(entry: dict[str, Any]) -> None:
    """Fills in the multiply-adds of one sample and the bytes that one more keeps: tables are no sample's.

    The third is that one more: of a single sample some copies are views.
    """
    torch.manual_seed(0)
    model = made(entry, "cpu")
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    with one_product_each(model), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        model(**example(entry, 1))
    entry["parameters"] = sum(p.numel() for p in model.parameters())
    entry["multiply_adds"] = counter.get_total_flops() // 2
    entry["saved_bytes"] = saved_bytes(model, example(entry, 3)) - saved_bytes(model, example(entry, 2))
    if "eager_saved_bytes" in entry:
        model.set_attn_implementation("eager")
        kept = [saved_bytes(model, example(entry, batch)) for batch in (2, 3)]
        entry["eager_saved_bytes"] = kept[1] - kept[0]


def counted(model: Any, parts: list[str]) -> int:
    """Parameters of all modules, or of those whose names hold one of `parts`."""
    named = model.named_parameters()
    return sum(p.numel() for name, p in named if not parts or any(part in name for part in parts))


def main(path: Path) -> None:
    """Counts all that the file at `path` holds, and writes it again.

    Of a model with "parts" those alone are counted; "tower" names the parts of what sees or hears.
    """
    held = json.loads(path.read_text())
    for entry in held.get("models", []):
        model = made(entry, "meta")
        entry["parameters"] = counted(model, entry.get("parts", []))
        if "tower" in entry:
            entry["tower_parameters"] = counted(model, entry["tower"])
    heads = held.get("heads", {"parameters": {}})
    for name in heads["parameters"]:
        model = made({"config": heads["config"], "class": name}, "meta")
        heads["parameters"][name] = sum(p.numel() for p in model.parameters())
    for entry in held.get("runs", []):
        run(entry)
    held = {
        "transformers": transformers.__version__,
        "command": f"python tests/core/importers/count_published.py {path}",
        **{name: value for name, value in held.items() if name not in {"transformers", "command"}},
    }
    path.write_text(json.dumps(held, indent=1) + "\n")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        main(Path(name))
