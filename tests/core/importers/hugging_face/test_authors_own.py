"""Decoders without code in the transformers library: the parameters that their authors published."""

from __future__ import annotations

import pytest

from cutwise.costs.graph_cost import price
from cutwise.costs.workload import Workload
from cutwise.importers.hugging_face.config_file import from_config
from tests.core.costs.no_loss import NO_LOSS
from tests.core.importers.configurations import Config

QWEN = {
    "model_type": "qwen", "architectures": ["QWenLMHeadModel"], "hidden_size": 4096,
    "intermediate_size": 22_016, "num_hidden_layers": 32, "num_attention_heads": 32, "kv_channels": 128,
    "max_position_embeddings": 32_768, "seq_length": 8192, "no_bias": True, "vocab_size": 151_936,
    "tie_word_embeddings": False,
}  # fmt: skip
INTERNLM2 = {
    "model_type": "internlm2", "architectures": ["InternLM2ForCausalLM"], "hidden_size": 4096,
    "intermediate_size": 14_336, "num_hidden_layers": 32, "num_attention_heads": 32,
    "num_key_value_heads": 8, "max_position_embeddings": 32_768, "bias": False, "vocab_size": 92_544,
    "tie_word_embeddings": False, "hidden_act": "silu",
}  # fmt: skip
BAICHUAN = {
    "model_type": "baichuan", "architectures": ["BaichuanForCausalLM"], "hidden_size": 4096,
    "intermediate_size": 11_008, "num_hidden_layers": 32, "num_attention_heads": 32,
    "max_position_embeddings": 4096, "vocab_size": 125_696, "tie_word_embeddings": False,
    "hidden_act": "silu",
}  # fmt: skip
BAICHUAN_13B = {
    **BAICHUAN, "hidden_size": 5120, "intermediate_size": 13_696, "num_hidden_layers": 40,
    "num_attention_heads": 40, "model_max_length": 4096, "max_position_embeddings": None,
}  # fmt: skip
MINICPM = {
    "model_type": "minicpm", "architectures": ["MiniCPMForCausalLM"], "hidden_size": 2304,
    "intermediate_size": 5760, "num_hidden_layers": 40, "num_attention_heads": 36,
    "num_key_value_heads": 36, "max_position_embeddings": 4096, "vocab_size": 122_753, "scale_emb": 12,
    "scale_depth": 1.4, "dim_model_base": 256,
}  # fmt: skip
CHATGLM3 = {
    "model_type": "chatglm", "architectures": ["ChatGLMModel"], "hidden_size": 4096,
    "ffn_hidden_size": 13_696, "num_layers": 28, "num_attention_heads": 32, "kv_channels": 128,
    "multi_query_attention": True, "multi_query_group_num": 2, "padded_vocab_size": 65_024,
    "seq_length": 8192, "add_qkv_bias": True, "add_bias_linear": False, "rmsnorm": True,
    "tie_word_embeddings": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("config", "parameters"),
    [
        # Two tables of 151,936 x 4096; 32 layers of 4096 x 12,288 + 12,288, 4096 x 4096, 3 x 4096 x 11,008
        # and two norms; the last norm.
        (QWEN, 7_721_324_544),
        (INTERNLM2, 7_737_708_544),
        (BAICHUAN, 7_505_973_248),
        (BAICHUAN_13B, 13_896_668_160),
        (MINICPM, 2_724_880_896),
        (CHATGLM3, 6_243_584_000),
        ({**CHATGLM3, "architectures": ["ChatGLMForConditionalGeneration"]}, 6_243_584_000),
    ],
    ids=[
        "Qwen-7B",
        "InternLM2-7B",
        "Baichuan2-7B",
        "Baichuan2-13B",
        "MiniCPM-2B",
        "ChatGLM3-6B",
        "ChatGLM3-6B by class",
    ],
)
def test_parameters_are_those_published(config: Config, parameters: int) -> None:
    graph = from_config(config, {})
    assert graph.parameters == parameters
    cost = price(graph, Workload(loss=NO_LOSS))
    assert not cost.unpriced


def test_a_token_costs_what_the_layers_multiply() -> None:
    """InternLM2 at 64 tokens: every weight but the token table's once a token, and 2 x 64 x 64 x 4096 a layer
    for scores and their sum."""
    graph = from_config(INTERNLM2, {"sequence": 64})
    matrices = 7_737_708_544 - 92_544 * 4096 - 32 * 2 * 4096 - 4096
    assert price(graph, Workload(loss=NO_LOSS)).macs == 64 * matrices + 32 * 2 * 64 * 64 * 4096
