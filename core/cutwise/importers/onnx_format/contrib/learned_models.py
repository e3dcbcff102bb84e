"""Shapes of what ONNX's operators of classical machine learning make: one row a sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cutwise.frozen import FrozenDict
from cutwise.importers.onnx_format.contrib.reads import FLOAT, INTEGER, STRING, Made, Reads, like_first

CLASSES = ("classlabels_ints", "classlabels_int64s", "classlabels_strings")


def _scaled(reads: Reads) -> Made:
    return [(FLOAT, reads.shape(0))]


def _targets(name: str) -> Callable[[Reads], Made]:
    return lambda reads: [(FLOAT, (reads.shape(0)[0], int(reads.attributes.get(name, 1))))]


def _classes(reads: Reads) -> Made:
    """The class of each row, and its score for each class."""
    labels = next((found for name in CLASSES if (found := reads.attributes.get(name))), ())
    rows = reads.shape(0)[0]
    element = STRING if "classlabels_strings" in reads.attributes else INTEGER
    return [(element, (rows,)), (FLOAT, (rows, len(labels)))]


def _picked(reads: Reads) -> Made:
    return [(reads.element(0), (*reads.shape(0)[:-1], reads.shape(1)[-1]))]


LEARNING_SHAPES: Mapping[str, Callable[[Reads], Made]] = FrozenDict(
    {
        f"ai.onnx.ml::{name}": rule
        for name, rule in {
            "Scaler": _scaled,
            "Normalizer": _scaled,
            "Imputer": like_first,
            "Binarizer": like_first,
            "ZipMap": like_first,
            "ArrayFeatureExtractor": _picked,
            "LinearRegressor": _targets("targets"),
            "SVMRegressor": _targets("n_targets"),
            "TreeEnsembleRegressor": _targets("n_targets"),
            "TreeEnsemble": _targets("n_targets"),
            "LinearClassifier": _classes,
            "SVMClassifier": _classes,
            "TreeEnsembleClassifier": _classes,
        }.items()
    }
)
