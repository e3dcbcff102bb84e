"""Models that see: learned tokens, scaled branches, biases of distances, towers that meet in one number."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cutwise.costs.graph_cost import price
from cutwise.costs.workload import Workload
from cutwise.errors import ModelImportError
from cutwise.graph.blocks import blocks
from cutwise.importers.hugging_face.config_file import from_config, regenerate
from tests.core.costs.no_loss import NO_LOSS

TINY = {
    "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32,
    "image_size": 8, "patch_size": 4,
}  # fmt: skip
TEXT = {**{key: TINY[key] for key in list(TINY)[:4]}, "vocab_size": 40, "max_position_embeddings": 12}
CLIP = {"model_type": "clip", "text_config": TEXT, "vision_config": TINY, "projection_dim": 6}


def test_deit_has_two_tokens_and_the_mean_of_two_answers() -> None:
    """Four patches of 4 x 4 behind two tokens; a token, its place and scores of 5 labels more than ViT."""
    config = {"model_type": "deit", **TINY, "num_labels": 5}
    graph = from_config({**config, "architectures": ["DeiTForImageClassificationWithTeacher"]}, {})
    assert graph.ops[graph.index["embeddings/class_token"]].output.shape == (1, 6, 16)
    assert [op.kind for op in graph.ops[-2:]] == ["add", "div"]
    vit = from_config({**config, "model_type": "vit"}, {})
    assert graph.parameters - vit.parameters == 2 * 16 + 17 * 5


@pytest.mark.parametrize(("gated", "hidden"), [(False, 64), (True, 48)])
def test_gated_perceptrons_of_dinov2_are_two_thirds_as_wide(gated: bool, hidden: int) -> None:
    """Four times 16 are 64; two thirds of that are 42.7, and the next multiple of eight is 48."""
    graph = from_config({"model_type": "dinov2", **TINY, "use_swiglu_ffn": gated}, {})
    down = next(op for op in graph.ops if op.block == "layers/0/mlp" and op.attrs.get("out_features") == 16)
    assert down.attrs["in_features"] == hidden


def test_beit_keeps_probabilities_where_it_has_biases() -> None:
    """Two heads of 5 x 5 fp32 numbers, in place of 2 x 5 and a result of 5 x 16 features."""
    config = {"model_type": "beit", **TINY}
    own, plain = (
        price(from_config({**config, "use_relative_position_bias": biased}, {}), Workload(loss=NO_LOSS))
        for biased in (True, False)
    )
    saved = [cost.row("layers/0/attention/attention").saved_bytes for cost in (own, plain)]
    assert saved[0] - saved[1] == 4 * (2 * 5 * 5 - 2 * 5 - 5 * 16)
    assert own.parameters - plain.parameters == 2 * (3 * 3 + 3)


def test_two_towers_meet_in_one_number() -> None:
    graph = from_config(CLIP, {})
    assert dict(graph.dims) == {"sequence": 12}
    assert [op.id for op in graph.ops if op.kind == "input"] == ["input_ids", "pixel_values"]
    assert graph.ops[graph.index["head/logits"]].output.shape == (1, 1)
    assert [block.name for block in blocks(graph)][-1] == "head"


def test_towers_are_made_again_at_another_length() -> None:
    graph = from_config(CLIP, {})
    assert json.loads(graph.provenance["config"])["text_config"]["vocab_size"] == 40
    assert regenerate(graph, sequence=5) == from_config(CLIP, {"sequence": 5})


@pytest.mark.parametrize("model", ["clip", "siglip"])
def test_a_tower_alone_is_part_of_both(model: str) -> None:
    both = from_config({**CLIP, "model_type": model}, {}).weights
    text = from_config({"model_type": f"{model}_text_model", **TEXT}, {}).weights
    image = from_config({"model_type": f"{model}_vision_model", **TINY}, {}).weights
    assert text.keys() < both.keys()
    assert image.keys() < both.keys()
    assert not text.keys() & image.keys()


RESNET_50 = {"model_type": "resnet", "num_labels": 1000}
SWIN = {
    "model_type": "swin", "embed_dim": 8, "depths": [2, 1], "num_heads": [1, 2], "window_size": 4,
    "image_size": 32, "patch_size": 4,
}  # fmt: skip


def test_a_residual_network_is_read_at_any_size_of_image() -> None:
    """As torchvision's ResNet-50: 25,557,032 parameters, 4.089 G multiply-adds at 224 x 224."""
    graph = from_config(RESNET_50, {})
    assert dict(graph.dims) == {"height": 224, "width": 224}
    assert graph.parameters == 25_557_032
    assert price(graph, Workload()).macs / 1e9 == pytest.approx(4.089, rel=1e-3)
    small = from_config(RESNET_50, {"height": 64, "width": 33})
    assert small.ops[0].output.shape == (1, 3, 64, 33)
    with pytest.raises(ModelImportError, match="'height' = 0; this model takes 1 to 16384 pixels"):
        from_config(RESNET_50, {"height": 0})


def test_windows_of_swin_attend_within_themselves_and_every_other_layer_shifts_them() -> None:
    """Eight by eight tokens are four windows of four by four; merged to four by four they are one."""
    graph = from_config(SWIN, {})
    shapes = {op.id: op.output.shape for op in graph.ops if op.kind == "attention"}
    assert list(shapes.values()) == [(4, 1, 16, 8), (4, 1, 16, 8), (1, 2, 16, 8)]
    moved = {op.block for op in graph.ops if "shifted" in op.id}
    assert moved == {"layers/0/1/attention"}
    bias = graph.ops[graph.index["layers/0/0/attention/position_bias"]]
    assert bias.weights[0].shape == (7 * 7, 1)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({**CLIP, "text_config": 3}, "text_config is 3; give the configuration of that part of the model"),
        (
            {**CLIP, "vision_config": {**TINY, "hidden_size": 0}},
            "vision_config: hidden_size is 0",
        ),
        (
            {**CLIP, "architectures": ["CLIPForPainting"]},
            "architectures names 'CLIPForPainting'; give a class",
        ),
        ({"model_type": "dinov2", **TINY, "mlp_ratio": -1}, "mlp_ratio is -1; give a number above 0"),
        (
            {"model_type": "beit", **TINY, "layer_scale_init_value": "x"},
            "_init_value is 'x'; give a number",
        ),
        ({"model_type": "beit", **TINY, "use_shared_relative_position_bias": True}, "is true; give a model"),
        ({**SWIN, "window_size": 5}, "window_size is 5, wider than a stage's 4 x 4 tokens; give a larger"),
        ({**SWIN, "depths": [2, 1, 1]}, "num_heads has 2 stages, depths 3; give as many in both"),
        ({**SWIN, "depths": 2}, "depths is 2; give a list of 1 to 16 whole numbers"),
        ({**RESNET_50, "layer_type": "deep"}, "layer_type is 'deep'; give one of basic, bottleneck"),
        ({**RESNET_50, "hidden_sizes": [6] * 4}, "hidden_sizes is 6, which is no multiple of"),
        ({"model_type": "convnext", "image_size": 16}, "leaves the last stage no pixel; give 32 or more"),
        ({"model_type": "deit", **TINY, "patch_size": 9}, "patch_size is (9, 9), larger than image_size"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(config: dict[str, Any], says: str) -> None:
    with pytest.raises(ModelImportError) as error:
        from_config(config, {})
    assert says in str(error.value)
    assert "\n" not in str(error.value)
