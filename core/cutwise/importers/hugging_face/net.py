"""A transformer under construction: layers as torch.nn has them, each adding the ops it runs as."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import Op, TensorSpec, Weight
from cutwise.read_limits import MODEL_OPS

BATCH = 1
NO_ATTRS: Mapping[str, Any] = MappingProxyType({})


class Net:
    """Ops in the order they run; every method adds one layer and answers the id of what it makes.

    Inside `with net.at("layers/0/mlp", "model.layers.0"):` the layer "mlp.up_proj" becomes the op
    "layers/0/mlp/up_proj" whose weights are "model.layers.0.mlp.up_proj.weight" and ".bias", as files name
    them. `dtype` is that of weights and activations.
    """

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype
        self.ops: list[Op] = []
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._block = ""
        self._source = ""

    @contextmanager
    def at(self, block: str, source: str) -> Iterator[None]:
        """Puts what is made inside into `block`; `source` stands before the names of its weights."""
        outer = self._block, self._source
        self._block, self._source = block, source
        yield
        self._block, self._source = outer

    @contextmanager
    def inside(self, part: str) -> Iterator[None]:
        """Puts what is made inside into the block `part` of the present one."""
        with self.at(f"{self._block}/{part}", self._source):
            yield

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of the tensor `name`."""
        return self._shapes[name]

    def width(self, name: str) -> int:
        """The last dimension of the tensor `name`."""
        return self._shapes[name][-1]

    def op(
        self,
        kind: str,
        name: str,
        inputs: Sequence[str],
        shape: tuple[int, ...],
        *,
        weights: Sequence[Weight] = (),
        source: str = "",
        dtype: str = "",
        attrs: Mapping[str, Any] = NO_ATTRS,
    ) -> str:
        """An op of any kind."""
        made = Op(
            id=f"{self._block}/{name}" if self._block else name,
            kind=kind,
            inputs=tuple(inputs),
            output=TensorSpec(shape=shape, dtype=dtype or self.dtype),
            weights=tuple(weights),
            block=self._block,
            attrs=attrs,
            source=source,
        )
        if len(self.ops) >= MODEL_OPS:
            raise ModelImportError(
                f"the configuration describes over {MODEL_OPS:,} ops; give one with fewer layers"
            )
        self.ops.append(made)
        self._shapes[made.id] = shape
        return made.id

    def input(self, name: str, shape: tuple[int, ...], *, dtype: str = "") -> str:
        """An input of the model."""
        return self.op("input", name, (), (BATCH, *shape), dtype=dtype)

    def weight(self, path: str, shape: tuple[int, ...], *, part: str = "weight") -> Weight:
        """The weight `part` of the layer at `path`, or the parameter `path` itself where `part` is empty."""
        return Weight(id=self._path(f"{path}.{part}" if part else path), shape=shape, dtype=self.dtype)

    def linear(
        self, path: str, x: str, width: int,
        *, bias: bool = True, name: str = "", tied: Weight | None = None, turned: bool = False,
        joint: int = 0, bare: bool = False, whole: bool = False,
    ) -> str:  # fmt: skip
        """A linear layer; `tied` is another layer's weight that it shares, `turned` one stored (in, out).

        Of layers that some programs make with one product of `joint` features this is the last. A `bare` one
        is a product with a parameter of its own, and no module that adapters are put beside; a `whole` one
        runs in fp32.
        """
        into = self.width(x)
        matrix = tied or self.weight(path, (into, width) if turned else (width, into))
        weights = [matrix, self.weight(path, (width,), part="bias")] if bias else [matrix]
        return self.op(
            "linear", name or _last(path), [x], (*self.shape(x)[:-1], width),
            weights=weights, source=self._path(path),
            attrs={
                "in_features": into, "out_features": width,
                **({"joint_features": joint} if joint else {}), **({"bare": True} if bare else {}),
                **({"whole": True} if whole else {}),
            },
        )  # fmt: skip

    def layer_norm(self, path: str, x: str, *, affine: bool = True, bias: bool = True, name: str = "") -> str:
        """Layer normalisation over the last dimension."""
        parts = ("weight", "bias") if bias else ("weight",)
        weights = [self.weight(path, (self.width(x),), part=part) for part in parts]
        return self.op(
            "layer_norm", name or _last(path), [x], self.shape(x),
            weights=weights if affine else (), source=self._path(path),
        )  # fmt: skip

    def rms_norm(self, path: str, x: str, *, whole: bool = False) -> str:
        """Root-mean-square normalisation, and the product with its weight that needs the result again.

        A `whole` one stays in fp32 until it is multiplied.
        """
        name, source = _last(path), self._path(path)
        made, scaled = ({"whole": True}, {"narrows": True}) if whole else (NO_ATTRS, NO_ATTRS)
        normed = self.op("rms_norm", f"{name}_unscaled", [x], self.shape(x), source=source, attrs=made)
        scale = self.weight(path, (self.width(x),))
        return self.op("mul", name, [normed], self.shape(x), weights=[scale], source=source, attrs=scaled)

    def embedding(self, path: str, ids: str, rows: int, width: int) -> tuple[str, Weight]:
        """A look-up, and its table."""
        table = self.weight(path, (rows, width))
        found = self.op(
            "embedding", _last(path), [ids], (*self.shape(ids), width),
            weights=[table], source=self._path(path),
        )  # fmt: skip
        return found, table

    def plus_weight(self, path: str, x: str, shape: tuple[int, ...], *, part: str = "weight") -> str:
        """The sum of `x` and (rows of) a parameter: positions, token types."""
        table = self.weight(path, shape, part=part)
        return self.op("add", _last(path), [x], self.shape(x), weights=[table], source=self._path(path))

    def looked_up(
        self, path: str, rows: int, width: int, shape: tuple[int, ...],
        *, fixed: bool = False, name: str = "", part: str = "weight",
    ) -> str:  # fmt: skip
        """Rows of a table that depend on places alone: the same of `shape` for every sample.

        `fixed`: the table is not trained.
        """
        table = self.weight(path, (rows, width), part=part)
        attrs = {"once_a_batch": True} | ({"stops_gradient": True} if fixed else {})
        return self.op(
            "embedding", name or _last(path), [], (BATCH, *shape),
            weights=[table], source=self._path(path), attrs=attrs,
        )  # fmt: skip

    def scaled(self, path: str, x: str) -> str:
        """`x` with every feature multiplied by a weight of its own."""
        scale = self.weight(path, (self.width(x),), part="")
        name = path.replace(".", "_")
        return self.op("mul", name, [x], self.shape(x), weights=[scale], source=self._path(path))

    def dropped(self, x: str, ratio: float) -> str:
        """`x`, made last, of which training drops a share."""
        if ratio:
            assert self.ops[-1].id == x
            self.ops[-1] = replace(self.ops[-1], attrs={**self.ops[-1].attrs, "dropout_ratio": ratio})
        return x

    def elementwise(self, kind: str, name: str, *inputs: str) -> str:
        """An op whose result has the shape of its inputs; a number as second operand is left out."""
        return self.op(kind, name, inputs, self.shape(inputs[0]))

    def reshape(self, name: str, x: str, *shape: int) -> str:
        """The same elements in another shape."""
        return self.op("reshape", name, [x], shape)

    def transpose(self, name: str, x: str, *perm: int) -> str:
        """The dimensions in another order."""
        return self.op(
            "transpose", name, [x], tuple(self.shape(x)[axis] for axis in perm), attrs={"perm": perm}
        )

    def split(self, name: str, x: str, widths: Sequence[int]) -> tuple[str, ...]:
        """Parts of the last dimension, as views."""
        return tuple(
            self.op(
                "split", f"{name}:{number}" if number else name, [x], (*self.shape(x)[:-1], width),
                attrs={"output_index": number, "axis": len(self.shape(x)) - 1},
            )
            for number, width in enumerate(widths)
        )  # fmt: skip

    def first_token(self, x: str, *, name: str = "first_token") -> str:
        """One token of each sequence."""
        return self.op("gather", name, [x], (BATCH, self.width(x)), attrs={"axis": 1})

    def _path(self, path: str) -> str:
        return f"{self._source}.{path}" if self._source else path


def _last(path: str) -> str:
    return path.rpartition(".")[2]
