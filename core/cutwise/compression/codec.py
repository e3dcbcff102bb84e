"""What every compressor answers: bytes for a tensor, the tensor back, and a forecast without a tensor."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, cast, runtime_checkable

from numpy.typing import ArrayLike

from cutwise.arrays import Singles
from cutwise.compression.coders.quantiser import QuantisedTensor
from cutwise.compression.magnitudes import PROFILES, MagnitudeProfile
from cutwise.compression.rate_model import RAW_ELEMENT_BYTES
from cutwise.compression.uncompressed import Uncompressed
from cutwise.errors import SolverError
from cutwise.fields.field_values import Settled
from cutwise.registry import Registry
from cutwise.units import BITS_PER_BYTE, quantity, transfer_time_s

Profile = Literal["gaussian", "student_t4", "outlier_channels"]
HEAD, LENGTH = struct.Struct("<BIff"), struct.Struct("<I")


class Payload(NamedTuple):
    """What a payload holds: the shape, one whole number, the scale of the levels, the coded sections."""

    shape: tuple[int, ...]
    number: int
    scale: tuple[float, float]
    sections: tuple[bytes, ...]

    @property
    def element_count(self) -> int:
        """Elements of the tensor."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What compression does to a tensor before it exists.

    `size_ratio` is the size relative to 32-bit numbers (P3's rate), `error_ratio` the mean square error
    relative to the mean square of the tensor; `warnings` says what a user should know.
    """

    size_bytes: float
    size_ratio: float
    error_ratio: float
    encode_s: float
    decode_s: float
    warnings: tuple[str, ...] = ()


@runtime_checkable
class Codec(Protocol):
    """A compressor of real tensors; the same seed gives the same bytes.

    A codec is a frozen dataclass with the fields of `CodecFields` and its own, which become keys of the
    scenario file and controls of the page. `tuned_field` is the one along which each line of `settings` is
    fine enough to be bisected; empty for a codec without a setting.
    """

    tuned_field: ClassVar[str]

    @property
    def kind(self) -> str:
        """The registered name of the codec."""
        ...

    @property
    def label(self) -> str:
        """The codec and its setting in words."""
        ...

    def encode(self, tensor: ArrayLike, *, seed: int = 0) -> bytes:
        """The tensor as bytes."""
        ...

    def decode(self, payload: bytes) -> Singles:
        """The tensor that the bytes stand for, exactly as `restored` gives it."""
        ...

    def restored(self, tensor: ArrayLike, *, seed: int = 0) -> Singles:
        """The tensor after compression, without writing bytes."""
        ...

    def forecast(self, *, element_count: float, profile: MagnitudeProfile | None = None) -> Forecast:
        """Size, error and seconds for a tensor with these magnitudes, the codec's own profile if None."""
        ...

    def settings(self) -> Sequence[Sequence[Codec]]:
        """What a scheme may choose among: lines of this codec's settings, each from the lightest on."""
        ...


CODECS: Registry[type[Any]] = Registry("codec")
CODECS.add("none", Uncompressed)


def compressor_names() -> tuple[str, ...]:
    """Names of the codecs that compress, in order of registration."""
    return tuple(name for name, codec in CODECS.items() if codec is not Uncompressed)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodecFields(Settled):
    """What the codecs share: the magnitudes they expect and how fast they are; one setting, as it is."""

    tuned_field: ClassVar[str] = ""

    magnitudes: Profile = quantity(
        "outlier_channels", title="Magnitudes",
        help="How the tensor's values are distributed: a transformer's outlier channels, normal, heavy tails",
    )  # fmt: skip
    encode_bps: float = quantity(
        4.0e8, unit="bps", ge=1, le=1e18, title="Encoder speed", scale="log", shown=(1e7, 1e11),
        help="Bits of 32-bit tensor compressed a second; these codecs do 0.3 to 1.0 Gbit/s on one core "
        "(measured on 9.7 million elements)",
    )  # fmt: skip
    decode_bps: float = quantity(
        1.0e9, unit="bps", ge=1, le=1e18, title="Decoder speed", scale="log", shown=(1e7, 1e11),
        help="Bits of 32-bit tensor restored a second; these codecs do 0.7 to 1.9 Gbit/s on one core "
        "(measured on 9.7 million elements)",
    )  # fmt: skip

    def settings(self) -> Sequence[Sequence[Codec]]:
        """The setting at hand alone."""
        return ((cast(Codec, self),),)

    def expected(self, profile: MagnitudeProfile | None) -> MagnitudeProfile:
        """The profile given, or the reference profile this codec expects."""
        return PROFILES[self.magnitudes]() if profile is None else profile

    def priced(
        self, *, element_count: float, coded_bits: float, error_ratio: float, warnings: tuple[str, ...] = ()
    ) -> Forecast:
        """The forecast for a tensor of so many elements that takes so many bits."""
        raw_bytes = RAW_ELEMENT_BYTES * element_count
        size_bytes = coded_bits / BITS_PER_BYTE
        return Forecast(
            size_bytes=size_bytes,
            size_ratio=size_bytes / raw_bytes,
            error_ratio=error_ratio,
            encode_s=transfer_time_s(size_bytes=raw_bytes, rate_bps=self.encode_bps),
            decode_s=transfer_time_s(size_bytes=raw_bytes, rate_bps=self.decode_bps),
            warnings=warnings,
        )


def write_payload(tensor: QuantisedTensor, number: int, sections: Sequence[bytes]) -> bytes:
    """Shape, scale, one whole number and the sections with their lengths, as `read_payload` takes them."""
    head = HEAD.pack(len(tensor.shape), number, *tensor.scale)
    dims = struct.pack(f"<{len(tensor.shape)}I", *tensor.shape)
    return head + dims + b"".join(LENGTH.pack(len(section)) + section for section in sections)


def read_payload(payload: bytes, *, section_count: int) -> Payload:
    """The parts of a payload; a `SolverError` where it is cut short."""
    try:
        dimensions, number, low, high = _head(payload)
        shape: tuple[int, ...] = struct.unpack_from(f"<{dimensions}I", payload, HEAD.size)
        at, sections = HEAD.size + LENGTH.size * dimensions, []
        for _ in range(section_count):
            length = _length(payload, at)
            sections.append(payload[at + LENGTH.size : at + LENGTH.size + length])
            at += LENGTH.size + length
    except struct.error as error:
        raise SolverError(f"payload of {len(payload)} bytes is cut short; send it again") from error
    if at != len(payload):
        raise SolverError(f"payload of {len(payload)} bytes should have {at}; send it again")
    return Payload(shape, number, (low, high), tuple(sections))


def _head(payload: bytes) -> tuple[int, int, float, float]:
    head: tuple[int, int, float, float] = HEAD.unpack_from(payload)
    return head


def _length(payload: bytes, at: int) -> int:
    length: tuple[int] = LENGTH.unpack_from(payload, at)
    return length[0]
