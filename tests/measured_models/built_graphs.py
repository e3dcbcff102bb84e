"""Graphs of the models that others measured: PyTorch modules without weights, and configurations."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import cutwise
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.hugging_face.config_file import from_config
from tests.shared_files import DATA

TIMM_ROWS = DATA / "measured" / "timm"
TIMM_MODELS, SEED = 250, 1
Key = tuple[str, str, int]
"""Library, name of the model there, side of its image in pixels."""

NCNN: Mapping[str, Key] = {
    "squeezenet": ("tv", "squeezenet1_1", 227),
    "mobilenet": ("timm", "mobilenetv1_100", 224),
    "mobilenet_v2": ("tv", "mobilenet_v2", 224),
    "mobilenet_v3": ("tv", "mobilenet_v3_large", 224),
    "shufflenet_v2": ("tv", "shufflenet_v2_x1_0", 224),
    "mnasnet": ("tv", "mnasnet1_0", 224),
    "efficientnet_b0": ("timm", "efficientnet_b0", 224),
    "efficientnetv2_b0": ("timm", "tf_efficientnetv2_b0", 224),
    "regnety_400m": ("timm", "regnety_004", 224),
    "googlenet": ("tv", "googlenet", 224),
    "resnet18": ("tv", "resnet18", 224),
    "alexnet": ("tv", "alexnet", 227),
    "vgg16": ("tv", "vgg16", 224),
    "resnet50": ("tv", "resnet50", 224),
    # patch 32 at 384 pixels, whatever it is called
    "vision_transformer": ("timm", "vit_base_patch32_384", 384),
}
QUALCOMM: Mapping[str, Key] = {
    "squeezenet1_1": ("tv", "squeezenet1_1", 224),
    "mobilenet_v2": ("tv", "mobilenet_v2", 224),
    "mobilenet_v3_small": ("tv", "mobilenet_v3_small", 224),
    "mnasnet05": ("tv", "mnasnet0_5", 224),
    "shufflenet_v2": ("tv", "shufflenet_v2_x1_0", 224),
    "resnet18": ("tv", "resnet18", 224),
    "resnet50": ("tv", "resnet50", 224),
    "resnext50": ("tv", "resnext50_32x4d", 224),
    "resnext101": ("tv", "resnext101_32x8d", 224),
    "wideresnet50": ("tv", "wide_resnet50_2", 224),
    "inception_v3": ("tv", "inception_v3", 224),
    "efficientnet_b0": ("tv", "efficientnet_b0", 224),
    "efficientnet_v2_s": ("tv", "efficientnet_v2_s", 224),
    "densenet121": ("tv", "densenet121", 224),
    "regnet_y_800mf": ("timm", "regnety_008", 224),
    "swin_tiny": ("tv", "swin_t", 224),
    "swin_small": ("tv", "swin_s", 224),
    "swin_base": ("tv", "swin_b", 224),
    "vit": ("tv", "vit_b_16", 224),
    "convnext_tiny": ("tv", "convnext_tiny", 224),
    "convnext_base": ("tv", "convnext_base", 224),
    "dla102x": ("timm", "dla102x", 224),
    "levit": ("timm", "levit_128s", 224),
    "repvit": ("timm", "repvit_m0_9", 224),
    "efficientformer": ("timm", "efficientformer_l1", 224),
    "sequencer2d": ("timm", "sequencer2d_s", 224),
}
SPLITS: Mapping[str, Key] = {
    "alexnet": ("tv", "alexnet", 224),
    "inceptionv3": ("tv", "inception_v3", 299),
    "mobilenetv2": ("tv", "mobilenet_v2", 224),
    "resnet18": ("tv", "resnet18", 224),
    "resnet50": ("tv", "resnet50", 224),
    "vgg16": ("tv", "vgg16", 224),
}
NO_SECOND_LOSS = ("googlenet", "inception_v3")


def graph_name(key: Key) -> str:
    return "{}.{}.{}".format(*key)


def model_name(key: Key) -> str:
    """What its totals are called: torchvision and timm have models of one name."""
    return key[1] if key[0] == "timm" else f"torchvision.{key[1]}"


def keys() -> list[Key]:
    """Every model that has a graph: those of the small tables, then of timm in a drawn order."""
    small = [key for table in (NCNN, QUALCOMM, SPLITS) for key in table.values()]
    return list(dict.fromkeys([*small, ("timm", "resnet50", 224), *timm_keys()]))


def timm_keys() -> list[Key]:
    """Models that were trained and run at one size on everything that `TIMM_ROWS` has, drawn."""
    measured = [set(timm_models(path)) for path in sorted(TIMM_ROWS.glob("*.csv"))]
    everywhere = sorted(set.intersection(*measured))
    random.Random(SEED).shuffle(everywhere)
    return [("timm", name, size) for name, size in everywhere[:TIMM_MODELS]]


def timm_models(path: Path) -> Iterator[tuple[str, int]]:
    """Architecture and size of every row of a table."""
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield row["model"].split(".")[0], timm_size(row)


def timm_size(row: Mapping[str, str]) -> int:
    return int(float(row.get("infer_img_size") or row["train_img_size"]))


def build(folder: Path, wanted: Iterable[Key]) -> None:
    """Writes the graph of every model that the folder lacks; one that cannot be made is named and left."""
    import torch

    for key in wanted:
        path = folder / f"{graph_name(key)}.pt2"
        if path.exists():
            continue
        try:
            with torch.device("meta"):
                cutwise.export(_module(key).train(), torch.empty(2, 3, key[2], key[2]), path)
        except Exception as error:
            said = " ".join(str(error).split())[:100]
            print(f"{path.name}: left out, {type(error).__name__}: {said}")


def _module(key: Key) -> Any:
    library, name, _ = key
    if library == "timm":
        import timm

        return timm.create_model(name, pretrained=False)
    from torchvision import models

    given = {"aux_logits": False} if name in NO_SECOND_LOSS else {}
    return models.get_model(name, weights=None, **given)


def bert(hidden: int, layers: int, heads: int, tokens: int) -> ModelGraph:
    """BERT that answers questions of SQuAD, as NVIDIA's training scripts build it."""
    config = {
        "model_type": "bert", "architectures": ["BertForQuestionAnswering"], "hidden_size": hidden,
        "num_hidden_layers": layers, "num_attention_heads": heads, "intermediate_size": 4 * hidden,
        "vocab_size": 30522, "max_position_embeddings": 512, "type_vocab_size": 2,
    }  # fmt: skip
    return from_config(config, {"sequence": tokens})


def llama_layer(parallel: int, tokens: int) -> ModelGraph:
    """Llama-2-7B with one layer, of which one of `parallel` workers holds its heads and hidden units."""
    config = {
        "model_type": "llama", "hidden_size": 4096, "intermediate_size": 11008 // parallel,
        "num_hidden_layers": 1, "num_attention_heads": 32 // parallel, "head_dim": 128,
        "num_key_value_heads": 32 // parallel, "vocab_size": 32768, "max_position_embeddings": 4096,
    }  # fmt: skip
    return from_config(config, {"sequence": tokens})


def phi_layer(tokens: int) -> ModelGraph:
    """phi-2 with one layer."""
    config = {
        "model_type": "phi", "hidden_size": 2560, "intermediate_size": 10240, "num_hidden_layers": 1,
        "num_attention_heads": 32, "vocab_size": 51200, "max_position_embeddings": 4096,
        "partial_rotary_factor": 0.4,
    }  # fmt: skip
    return from_config(config, {"sequence": tokens})
