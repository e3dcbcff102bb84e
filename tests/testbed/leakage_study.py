"""Leakage against depth: both models trained, then attacked at every cut, with and without compression.

python -m tests.testbed.leakage_study --out assets/leakage/attacks.csv

The CNN learns scikit-learn's digits, the GPT the next character of the descriptions of its data sets. The
attacker knows as many inputs of the same kind as the device trains on, and what the device makes of them: it
learns decoders from those and tries them on what the device sends. From a few gradients with their labels it
learns to read labels off the others. Codecs compress what is sent and returned when it is attacked.
"""

from __future__ import annotations

import argparse
import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

import cutwise
from cutwise.compression import DeadZone, TopK
from cutwise.compression.codec import Codec
from cutwise.compression.uncompressed import Uncompressed
from cutwise.disk.written_files import write_file
from cutwise.leakage.leakage_table import AttackRow, leakage_text
from cutwise.leakage.relative_depth import Family, depth_ratios
from tests.testbed.attacks import decoded_ratio, distance_correlation, label_ratio
from tests.testbed.op_tables import INPUT, OpTable, seeded
from tests.testbed.whole_module import Whole, table_places

CODECS: tuple[Codec | Uncompressed, ...] = (
    Uncompressed(), DeadZone(step_ratio=0.5), DeadZone(step_ratio=2.0),
    TopK(density_ratio=0.5), TopK(density_ratio=0.1),
)  # fmt: skip
SENT_BATCH = 32
IMAGES, KNOWN_IMAGES, LABELLED_IMAGES = 800, 800, 100
TEXTS, KNOWN_TEXTS, TOKENS = 400, 400, 32
DECODED_TOKENS, LABELLED_TOKENS, CORRELATED = 3000, 1000, 400


@dataclass(frozen=True)
class Subject:
    """A trained model with what the device holds, and what the server knows.

    `pieces` is how many rows a sample has that are attacked one by one: the tokens of a text.
    """

    family: Family
    table: OpTable
    held: tuple[Tensor, Tensor]
    known: tuple[Tensor, Tensor]
    pieces: int
    decoded: int
    labelled: int


def images_subject(seed: int) -> Subject:
    """The residual CNN after twenty passes over its digits."""
    from sklearn.datasets import load_digits

    found = load_digits()
    order = np.random.default_rng(seed).permutation(len(found.target))
    small = torch.as_tensor(found.images[order] / 16, dtype=torch.float32)
    images = small.repeat_interleave(2, 1).repeat_interleave(2, 2)[:, None]
    labels = torch.as_tensor(found.target[order])
    table = seeded("cnn", {"width": 16, "channels_in": 1, "side": 16, "stem_stride": 1}, seed=seed)
    held, known = _parts((images, labels), IMAGES, KNOWN_IMAGES)
    trained(table, held, passes=20, seed=seed)
    return Subject("cnn", table, held, known, 1, KNOWN_IMAGES, LABELLED_IMAGES)


def texts_subject(seed: int) -> Subject:
    """The tiny GPT-2 after twelve passes over its texts."""
    folder = files("sklearn.datasets").joinpath("descr")
    pages = sorted(
        (page for page in folder.iterdir() if page.name.endswith(".rst")), key=lambda page: page.name
    )
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    letters = {letter: place for place, letter in enumerate(sorted(set(text)))}
    codes = torch.tensor([letters[letter] for letter in text])
    windows = codes.unfold(0, TOKENS + 1, TOKENS)
    windows = windows[np.random.default_rng(seed).permutation(len(windows))]
    sizes = {"layers": 4, "width": 48, "heads": 3, "words": len(letters), "tokens": TOKENS}
    table = seeded("gpt", sizes, seed=seed)
    held, known = _parts((windows[:, :-1].contiguous(), windows[:, 1:].contiguous()), TEXTS, KNOWN_TEXTS)
    trained(table, held, passes=12, seed=seed)
    return Subject("transformer", table, held, known, TOKENS, DECODED_TOKENS, LABELLED_TOKENS)


def trained(table: OpTable, data: tuple[Tensor, Tensor], *, passes: int, seed: int) -> None:
    """Trains the model in one piece, which split training is to the last bit, and holds it still."""
    torch.manual_seed(seed)
    optimizer = torch.optim.Adam(table.parameters(slice(None)), lr=2e-3)
    for _ in range(passes):
        for rows in torch.randperm(len(data[0])).split(SENT_BATCH):
            optimizer.zero_grad()
            _losses(table, data[0][rows], data[1][rows]).mean().backward()
            optimizer.step()
    for op in table.ops:
        op.module.eval()


def attacked(
    subject: Subject, seed: int, codecs: Sequence[Codec | Uncompressed] = CODECS
) -> Iterator[AttackRow]:
    """A row for every cut between the first op and the last, and every codec."""
    depths = cut_depths(subject)
    for cut in range(1, len(subject.table.ops)):
        sent = [_crossing(subject.table, cut, *data) for data in (subject.known, subject.held)]
        for codec in codecs:
            (known, known_back), (seen, seen_back) = [
                tuple(_passed(side, codec, subject.pieces) for side in sides) for sides in sent
            ]
            inputs, labels = [_rows(subject, part) for part in (0, 1)]
            few = subject.labelled
            many = min(subject.decoded, len(known), len(seen))
            some = min(CORRELATED, len(seen))
            yield AttackRow(
                family=subject.family,
                position=cut,
                behind=subject.table.ops[cut - 1].name,
                depth_ratio=depths[cut],
                codec=codec.kind,
                setting_ratio=1.0 if isinstance(codec, Uncompressed) else getattr(codec, codec.tuned_field),
                seed=seed,
                input_ratio=decoded_ratio(
                    known[:many], inputs[0][:many], seen[:many], inputs[1][:many], seed=seed
                ),
                label_ratio=label_ratio(
                    known_back[:few], labels[0][:few], seen_back[:many], labels[1][:many]
                ),
                correlation_ratio=distance_correlation(_distances_of(inputs[1][:some]), seen[:some]),
            )


def cut_depths(subject: Subject) -> list[float]:
    """How deep each cut lies, as the library says it of the model as it reads it."""
    graph = cutwise.from_torch(Whole(subject.table), (subject.held[0][:2],))
    place = np.array(table_places(graph, subject.table))
    masks = place[None, :] < np.arange(len(subject.table.ops) + 1)[:, None]
    return depth_ratios(graph, masks).tolist()


def _losses(table: OpTable, data: Tensor, labels: Tensor) -> Tensor:
    values = {INPUT: data}
    table.run(range(len(table.ops)), values)
    return _each_loss(values[len(table.ops) - 1], labels)


def _each_loss(made: Tensor, labels: Tensor) -> Tensor:
    return functional.cross_entropy(made.flatten(0, -2), labels.flatten(), reduction="none")


def _crossing(table: OpTable, cut: int, data: Tensor, labels: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """Tensors that cross, and their gradients, of all samples; each loss counts as if it were alone."""
    values, frontier = {INPUT: data}, table.frontier(cut)
    with torch.no_grad():
        table.run(range(cut), values)
    leaves = {place: values[place].detach().requires_grad_() for place in frontier}
    beyond = dict(leaves)
    table.run(range(cut, len(table.ops)), beyond)
    _each_loss(beyond[len(table.ops) - 1], labels).sum().backward()
    return [leaf.detach() for leaf in leaves.values()], [leaf.grad for leaf in leaves.values()]


def _passed(tensors: Sequence[Tensor], codec: Codec | Uncompressed, pieces: int) -> Tensor:
    """What arrives, mini-batch by mini-batch: a row for every piece of a sample."""
    arrived = []
    for tensor in tensors:
        batches = enumerate(tensor.split(SENT_BATCH))
        whole = torch.cat([_restored(part, codec, seed=number) for number, part in batches])
        arrived.append(whole.reshape(len(whole) * pieces, -1))
    return torch.cat(arrived, dim=1)


def _restored(tensor: Tensor, codec: Codec | Uncompressed, *, seed: int) -> Tensor:
    if isinstance(codec, Uncompressed):
        return tensor
    return torch.as_tensor(codec.restored(tensor.numpy(), seed=seed))


def _rows(subject: Subject, part: int) -> tuple[Tensor, Tensor]:
    """Inputs or labels, known and held, a row for every piece; images by their 64 pixels."""
    both = (subject.known[part], subject.held[part])
    if part == 0 and subject.pieces == 1:
        return tuple(x[:, 0, ::2, ::2].flatten(1) for x in both)
    return tuple(x.flatten() for x in both)


def _distances_of(inputs: Tensor) -> Tensor:
    """Classes as corners of a simplex, all equally far apart."""
    return inputs if inputs.is_floating_point() else functional.one_hot(inputs).float()


def _parts(data: tuple[Tensor, Tensor], held: int, known: int) -> tuple[tuple[Tensor, Tensor], ...]:
    assert len(data[0]) >= held + known
    return tuple(tuple(x[part] for x in data) for part in (slice(held), slice(held, held + known)))


SUBJECTS = {"cnn": images_subject, "transformer": texts_subject}


def facts(seeds: int) -> Mapping[str, str]:
    return {
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "machine": f"two shared cores of a virtual machine, torch {torch.__version__}",
        "command": f"python -m tests.testbed.leakage_study --seeds {seeds} --out assets/leakage/attacks.csv",
        "cnn": f"residual CNN of 19 ops on scikit-learn's digits, {IMAGES} images held, {KNOWN_IMAGES} known",
        "transformer": f"GPT-2 of four layers on characters of scikit-learn's descriptions, {TEXTS} texts of "
        f"{TOKENS} held, {KNOWN_TEXTS} known",
        "labels": f"read off gradients after {LABELLED_IMAGES} images, or {LABELLED_TOKENS} characters, told",
        "codecs": "applied when attacked; the models were trained without",
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.testbed.leakage_study", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(1)
    rows: list[AttackRow] = []
    for seed in range(given.seeds):
        for name, subject in SUBJECTS.items():
            for row in attacked(subject(seed), seed):
                rows.append(row)
                print(name, row, flush=True)
    write_file(given.out, leakage_text(facts(given.seeds), rows).encode())


if __name__ == "__main__":
    main()
