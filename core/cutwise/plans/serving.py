"""What a plan says of inference: seconds of a request, requests a second, what a token costs."""

from __future__ import annotations

from dataclasses import dataclass

from cutwise.frozen import Frozen


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFigures:
    """What generating text takes at one device, from the keys and values that each side caches to the words.

    `time_to_first_token_s` is the prompt and the first new token; the others are a new token's on average:
    `token_s` seconds from one to the next, `tokens_per_s` of all requests of a batch together, joules of all
    owners and of the device alone, bytes sent and received. None where no token is generated.
    """

    time_to_first_token_s: float
    token_s: float | None
    tokens_per_s: float | None
    energy_per_token_j: float | None
    device_energy_per_token_j: float | None
    traffic_per_token_bytes: float | None
    device_cache_bytes: float
    server_cache_bytes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedDevice:
    """One device's requests, which are served in batches.

    `request_delay_s` is that of a batch. One batch after another gives `sequential_requests_per_s`; with a
    batch in every part at once it is `pipelined_requests_per_s`, as fast as the `slowest_part`.
    """

    device: str
    request_delay_s: float
    sequential_requests_per_s: float
    pipelined_requests_per_s: float
    slowest_part: str
    tokens: TokenFigures | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference(Frozen):
    """All devices' requests: figures of each, requests a second together, and how text is generated.

    `says` is what has to be known to read the figures, in sentences.
    """

    devices: tuple[ServedDevice, ...]
    sequential_requests_per_s: float
    pipelined_requests_per_s: float
    prompt_tokens: int | None = None
    new_tokens: int | None = None
    says: tuple[str, ...] = ()
