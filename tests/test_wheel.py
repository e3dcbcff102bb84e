from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HOMES = {
    "core/cutwise/": "cutwise/",
    "assets/": "cutwise/assets/",
    "sample_models/": "cutwise/sample_models/",
    "dashboard/": "cutwise_dashboard/",
}


def tracked_names() -> set[str]:
    """The files of the four folders as the wheel calls them."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *HOMES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    there = [name for name in listed if (ROOT / name).exists()]
    return {
        new + name.removeprefix(old) for name in there for old, new in HOMES.items() if name.startswith(old)
    }


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """What a wheel of this checkout holds, built from a copy so that nothing is left behind."""
    copy, out = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("wheel")
    folders = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "core", "assets", "sample_models")
    subprocess.run(["cp", "-r", *folders, "dashboard", str(copy)], cwd=ROOT, check=True)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--no-deps",
            "--no-build-isolation",
            "-w",
            str(out),
            str(copy),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = out.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


def test_the_wheel_holds_exactly_the_tracked_files_of_the_four_folders(wheel_names: set[str]) -> None:
    installed = {name for name in wheel_names if ".dist-info/" not in name}

    assert installed == tracked_names()


def test_the_wheel_installs_no_name_but_those_that_begin_with_cutwise(wheel_names: set[str]) -> None:
    tops = {name.partition("/")[0] for name in wheel_names}

    assert {top for top in tops if not top.startswith("cutwise")} == set()


def test_no_module_is_loaded_under_two_names() -> None:
    code = (
        "import importlib, pkgutil, sys, cutwise, cutwise_dashboard\n"
        "for package in (cutwise, cutwise_dashboard):\n"
        "    for found in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        run = found.name.endswith(('__main__', 'dashboard.app')) or '.app_pages' in found.name\n"
        "        if not run:\n"
        "            importlib.import_module(found.name)\n"
        "files = [m.__file__ for m in sys.modules.values() if getattr(m, '__file__', None)]\n"
        f"ours = [file for file in files if file.startswith({str(ROOT)!r}) and '.venv' not in file]\n"
        "assert len(ours) > 200\n"
        "assert len(ours) == len(set(ours)), sorted(file for file in ours if ours.count(file) > 1)\n"
    )

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
