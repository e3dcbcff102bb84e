"""How much memory the page may take: what the kernel says of the groups that it is in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cutwise_dashboard.executor import pool
from cutwise_dashboard.process_memory import given_bytes
from cutwise_dashboard.serving import limits

MACHINE = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
GIVEN = 6 * 2**20
"""Smaller than any machine that runs these tests."""


def kernel(root: Path, groups: str, limits_said: dict[str, str]) -> Path:
    """A root with what the kernel says there."""
    for name, text in {"proc/self/cgroup": groups, **limits_said}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("groups", "limits_said", "given"),
    [
        # docker --memory: the group is the root of its own view
        ("0::/\n", {"sys/fs/cgroup/memory.max": f"{GIVEN}\n"}, GIVEN),
        # systemd's MemoryMax
        ("0::/system.slice/cutwise.service\n",
         {"sys/fs/cgroup/system.slice/cutwise.service/memory.max": f"{GIVEN}\n",
          "sys/fs/cgroup/system.slice/memory.max": "max\n"}, GIVEN),
        # the slice around it is held to less
        ("0::/a.slice/b.service\n",
         {"sys/fs/cgroup/a.slice/b.service/memory.max": f"{GIVEN}\n",
          "sys/fs/cgroup/a.slice/memory.max": f"{GIVEN // 2}\n"}, GIVEN // 2),
        # the older kind of groups
        ("5:cpu,memory:/box\n0::/\n",
         {"sys/fs/cgroup/memory/box/memory.limit_in_bytes": f"{GIVEN}\n"}, GIVEN),
        ("4:memory:/\n", {"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, MACHINE),
        ("0::/\n", {"sys/fs/cgroup/memory.max": "max\n"}, MACHINE),
        ("0::/\n", {}, MACHINE),
        ("no groups", {}, MACHINE),
    ],
)  # fmt: skip
def test_the_least_of_machine_and_groups_is_given(
    groups: str, limits_said: dict[str, str], given: int, tmp_path: Path
) -> None:
    assert given_bytes(kernel(tmp_path, groups, limits_said)) == given


def test_without_a_kernel_that_says_it_is_the_machine(tmp_path: Path) -> None:
    assert given_bytes(tmp_path) == MACHINE


@pytest.mark.parametrize("given_gb", [4, 6, 16, 64])
def test_workers_and_uploads_together_leave_room_for_the_page(
    given_gb: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (pool, limits):
        monkeypatch.setattr(module, "given_bytes", lambda: given_gb * 10**9)
    workers, each_bytes = pool.workers_here()
    assert workers >= pool.FEWEST
    assert workers * each_bytes + limits._all_upload_bytes() <= 0.625 * given_gb * 10**9
