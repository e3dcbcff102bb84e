"""LoRA on Llama-3.2-1B: our price beside a real peft run with random weights, in an environment of its own.

python -m venv /tmp/peft && /tmp/peft/bin/pip install numpy torch transformers peft
PYTHONPATH=. /tmp/peft/bin/python -m tests.bench.lora_peft --tokens 128

It needs some 12 GB of memory and a few minutes, and fetches nothing: the configuration stands below.
"""

from __future__ import annotations

import argparse
from typing import Any

from cutwise.costs.graph_cost import GraphCost, price
from cutwise.costs.options.tuning import Lora
from cutwise.costs.workload import Workload
from cutwise.importers.hugging_face.config_file import from_config
from tests.bench.clock import once, table
from tests.core.costs.torch_truth import counted_flops, dense_flops, saved_bytes

RANK = 8
CONFIG: dict[str, Any] = {
    "model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 128256, "hidden_size": 2048,
    "intermediate_size": 8192, "num_hidden_layers": 16, "num_attention_heads": 32, "num_key_value_heads": 8,
    "head_dim": 64, "max_position_embeddings": 131072, "rms_norm_eps": 1e-5, "rope_theta": 500000.0,
    "tie_word_embeddings": True,
}  # fmt: skip
TARGETS = {
    "attention": ["q_proj", "k_proj", "v_proj", "o_proj"],
    "all_linear": ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.lora_peft", description=__doc__)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--layers", type=int, default=CONFIG["num_hidden_layers"], help="fewer is faster")
    asked = parser.parse_args()
    config = {**CONFIG, "num_hidden_layers": asked.layers}
    for target, modules in TARGETS.items():
        tuning = Lora(rank=RANK, targets=(target,))
        fused, eager = (
            price(
                from_config(config, {"sequence": asked.tokens}),
                Workload(batch_size=1, tuning=tuning, attention=kernel),
            )
            for kernel in ("fused", "eager")
        )
        print(f"\n{target}, rank {RANK}, {asked.layers} layers, {asked.tokens} tokens")
        table(["", "ours", "peft", "ratio"], compared(fused, eager, *adapted(config, modules, asked.tokens)))


def adapted(config: dict[str, Any], modules: list[str], tokens: int) -> tuple[Any, Any]:
    """The adapted model as a module that answers logits, and token ids."""
    import peft
    import torch
    import transformers

    class Logits(torch.nn.Module):
        def __init__(self, model: Any):
            super().__init__()
            self.model = model

        def forward(self, ids: Any) -> Any:
            return self.model(input_ids=ids, use_cache=False).logits

    sizes = {key: value for key, value in config.items() if key not in {"model_type", "architectures"}}
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**sizes, attn_implementation="sdpa"))
    lora = peft.LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules=modules, lora_dropout=0.0)
    return Logits(peft.get_peft_model(model, lora)).train(), torch.randint(0, 1000, (1, tokens))


def compared(fused: GraphCost, eager: GraphCost, module: Any, ids: Any) -> list[list[str]]:
    """Rows of figures. Torch's counter opens the attention, so FLOPs stand beside the eager kernel's."""
    forward, backward = counted_flops(module, ids)
    ours_forward, ours_backward = dense_flops(eager)
    forward_s, result = once(lambda: module(ids))
    backward_s, _ = once(result.sum().backward)
    parameters = sum(p.numel() for p in module.parameters() if p.requires_grad)
    seconds_ratio = backward_s / forward_s
    return [
        line("trainable parameters", fused.trainable_parameters, parameters),
        line("saved bytes", fused.saved_bytes.sum(), saved_bytes(module, ids)),
        line("forward FLOPs", ours_forward, forward),
        line("backward FLOPs", ours_backward, backward),
        line("backward/forward FLOPs", ours_backward / ours_forward, backward / forward),
        line("backward/forward seconds", ours_backward / ours_forward, seconds_ratio),
    ]


def line(name: str, ours: float, theirs: float) -> list[str]:
    written = [f"{value:,.0f}" if value > 1000 else f"{value:.4f}" for value in (ours, theirs)]
    return [name, *written, f"{ours / theirs:.4f}"]


if __name__ == "__main__":
    main()
