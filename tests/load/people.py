"""What people do at once: most move sliders, one opens a large model, a huge one, or what is bad."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from websockets.exceptions import ConnectionClosed

from cutwise.stated.stated_question import ModelReference, StatedQuestion
from cutwise_dashboard.session import LINK_KEY
from cutwise_dashboard.stores.link_store import address_of
from tests.load.driven_session import PATIENCE_S, Answer, DrivenSession

THINK_S = 2.0
STEPS = 240
"""Of a slider; one moves by some at a time."""
SLIDERS: Mapping[str, tuple[float, float]] = {
    "channel.uplink_bps": (1e6, 1e9),
    "channel.downlink_bps": (1e6, 1e9),
    "server.flops_per_s": (1e11, 1e14),
}
MODELS = ("resnet18", "mobilenet_v2", "vgg16", "resnet18", "two_tower")
OPENED_AT_ONCE = 4
LLAMA_70B = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "vocab_size": 32000,
    "hidden_size": 8192, "intermediate_size": 28672, "num_hidden_layers": 80, "num_attention_heads": 64,
    "num_key_value_heads": 8, "max_position_embeddings": 4096, "tie_word_embeddings": False,
    "torch_dtype": "float16",
}  # fmt: skip
HUGE_OPS = 49_000


@dataclass(slots=True, kw_only=True)
class Seen:
    """What became of all steps: answers, seconds until a page was opened, and what failed."""

    answers: list[Answer] = field(default_factory=list)
    opened_s: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def path_of(stated: StatedQuestion) -> str:
    """What follows the server's address where a question is opened by its link."""
    return f"?{LINK_KEY}={address_of(stated)}"


async def opened(address: str, seen: Seen, count: int, *, first: int = 0) -> list[DrivenSession]:
    """So many tabs on different models, a few of them opened at a time."""
    gate = asyncio.Semaphore(OPENED_AT_ONCE)

    async def one(number: int) -> DrivenSession:
        model = ModelReference(sample=MODELS[number % len(MODELS)])
        tab = DrivenSession(address, path_of(StatedQuestion(model=model)))
        async with gate:
            seen.opened_s.append(await tab.open())
        return tab

    return list(await asyncio.gather(*(one(number) for number in range(first, first + count))))


async def move_sliders(
    tabs: Sequence[DrivenSession], seen: Seen, until: asyncio.Event | float, *, think_s: float = THINK_S
) -> None:
    """All move sliders, each with a mind of its own, for so many seconds or until something has happened."""
    over = until if isinstance(until, asyncio.Event) else asyncio.Event()
    if isinstance(until, float):
        asyncio.get_running_loop().call_later(until, over.set)
    await asyncio.gather(*(_moves(tab, seen, over, number, think_s) for number, tab in enumerate(tabs)))


async def _moves(tab: DrivenSession, seen: Seen, over: asyncio.Event, number: int, think_s: float) -> None:
    drawn = random.Random(f"{number} {tab.number}")
    path = list(SLIDERS)[number % len(SLIDERS)]
    place = drawn.randrange(40, 200)
    await _pause(over, drawn.random() * think_s)
    while not over.is_set():
        place = max(0, min(STEPS, place + drawn.choice((-7, -5, -3, -2, 2, 3, 5, 7))))
        try:
            answer = await tab.step(path, _value(path, place))
        except (TimeoutError, EOFError, OSError, ConnectionClosed) as error:
            seen.errors.append(f"{type(error).__name__}: {error}")
            return
        seen.answers.append(answer)
        if answer.said or not answer.figures:
            seen.errors.append(answer.said or "no figures were shown")
        await _pause(over, think_s * (0.5 + drawn.random()))


async def _pause(over: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(over.wait(), seconds)
    except TimeoutError:
        return


def _value(path: str, place: int) -> float:
    low, high = SLIDERS[path]
    return float(f"{low * (high / low) ** (place / STEPS):.3g}")


async def uploaded(
    address: str, name: str, content: bytes, *, patience_s: float = PATIENCE_S
) -> tuple[Answer, float]:
    """What is shown after a file was opened in a tab of its own, and after how many seconds.

    Nothing where the tab is closed before that, after `patience_s`.
    """
    tab = DrivenSession(address)
    await tab.open()
    began = time.perf_counter()
    try:
        answer = await asyncio.wait_for(tab.upload(name, content), patience_s)
    except TimeoutError:
        answer = Answer(question="", sent_s=began)
    took_s = time.perf_counter() - began
    await tab.close()
    return answer, took_s


def huge_graph(ops: int = HUGE_OPS) -> bytes:
    """A chain of ops about as long as is read."""
    made: list[dict[str, Any]] = [{"id": "op0", "kind": "input", "inputs": [], "output_bytes": 4096}]
    made += (
        {
            "id": f"op{number}",
            "inputs": [f"op{number - 1}"],
            "forward_flops": 1e6,
            "backward_flops": 2e6,
            "output_bytes": 4096 + number % 7 * 512,
            "weight_bytes": 1024,
            "trainable_bytes": 1024,
            "saved_bytes": 4096,
        }
        for number in range(1, ops)
    )
    return json.dumps({"format": "cutwise-graph/1", "name": "huge", "ops": made}).encode()
