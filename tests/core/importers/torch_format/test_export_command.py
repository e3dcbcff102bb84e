"""What `cutwise export my_model.py:build --out model.pt2` does: a user's own file, run as it is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import cutwise
from cutwise.errors import ModelImportError
from cutwise.importers.torch_format.export_command import export_from_source

pytest.importorskip("torch")

BUILD = """
import torch
from layers import WIDTH

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(4, WIDTH)

    def forward(self, x):
        return self.fc(x)

def build():
    return Net(), torch.zeros(2, 4)

def open_batch():
    return Net(), (torch.zeros(2, 4),), {"x": {0: torch.export.Dim("batch")}}

def alone():
    return Net()

def one():
    return (Net(),)

def with_argument(width):
    return Net(), torch.zeros(2, 4)

def quits():
    raise SystemExit("no GPU")

class Counted(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(4, 3)

    def forward(self, x, n):
        count = n.item()
        torch._check(count >= 0)
        return self.fc(x[:1].expand(count, 4))

def counted():
    return Counted(), (torch.zeros(2, 4), torch.tensor(1))

def no_model():
    return "net", torch.zeros(2, 4)
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "layers.py").write_text("WIDTH = 3\n")
    path = tmp_path / "own_net.py"
    path.write_text(BUILD)
    return path


def test_a_users_model_is_written_and_reads_back(source: Path, tmp_path: Path) -> None:
    before = list(sys.path)
    graph = export_from_source(f"{source}:build", tmp_path / "net.pt2")
    assert graph == cutwise.load_model(tmp_path / "net.pt2")
    assert [(op.id, op.kind) for op in graph.ops] == [("x", "input"), ("fc", "linear")]
    assert (graph.name, graph.parameters, graph.batch_size) == ("net", 15, 2)
    assert sys.path == before


def test_a_third_value_leaves_dimensions_open(source: Path, tmp_path: Path) -> None:
    export_from_source(f"{source}:open_batch", tmp_path / "net.pt2")
    assert cutwise.load_model(tmp_path / "net.pt2", dims={"batch": 7}).batch_size == 7


@pytest.mark.parametrize(
    ("function", "says"),
    [
        ("alone", "own_net.py: alone() returns a Net; return the module and its example inputs"),
        ("one", "own_net.py: one() returns a tuple of 1; return the module"),
        ("with_argument", "own_net.py: with_argument() fails with TypeError: with_argument() missing"),
        ("quits", "own_net.py, line 29: quits() fails with SystemExit: no GPU; correct it"),
        ("no_model", "net: is a str, not a torch.nn.Module; give the model itself"),
        ("missing", "own_net.py: has no function 'missing'; it has Net, build, open_batch, alone, one"),
    ],
)  # fmt: skip
def test_what_a_function_does_wrong_is_one_sentence(
    source: Path, tmp_path: Path, function: str, says: str
) -> None:
    with pytest.raises(ModelImportError) as error:
        export_from_source(f"{source}:{function}", tmp_path / "net.pt2")
    assert str(error.value).startswith(says)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "net.pt2").exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def build(:\n", "bad.py, line 1: the file fails with SyntaxError"),
        ("x = 1\ny = x.z\n", "bad.py, line 2: the file fails with AttributeError: 'int' object has no"),
        ("import not_a_package\n", "bad.py: needs the package 'not_a_package', which is not installed here"),
        ("", "bad.py: has no function 'build'; it defines none"),
    ],
)  # fmt: skip
def test_what_a_file_does_wrong_is_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "bad.py"
    path.write_text(text)
    with pytest.raises(ModelImportError) as error:
        export_from_source(f"{path}:build", tmp_path / "net.pt2")
    assert str(error.value).startswith(says)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("model.py", "'model.py' names no function of a file; write file and function with a colon between"),
        ("model.py:a.b", "names no function of a file"),
        ("model.txt:build", "model.txt: is no Python file"),
        ("none.py:build", "none.py: no such file; check the path"),
    ],
)
def test_what_is_no_function_of_a_file_is_told(source: str, says: str) -> None:
    with pytest.raises(ModelImportError) as error:
        export_from_source(source, "net.pt2")
    assert says in str(error.value)


def test_sizes_that_data_decide_can_be_given(source: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelImportError, match="data decide the size 'u0'; say what it is"):
        export_from_source(f"{source}:counted", tmp_path / "net.pt2")
    graph = export_from_source(f"{source}:counted", tmp_path / "net.pt2", dims={"u0": 5})
    assert graph.ops[-1].output.shape == (5, 3)
