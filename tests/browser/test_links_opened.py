"""A link in a browser that has never been here: the library's numbers, and the same words on every page."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

import cutwise
from cutwise.errors import CutwiseError
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers import load_model
from cutwise.stated.stated_question import ModelReference, StatedQuestion
from cutwise_dashboard.format import quantity_text, seconds_text
from cutwise_dashboard.stores.link_store import KEYED, address_of
from cutwise_dashboard.stores.upload_store import keep_upload
from cutwise_dashboard.views.plan.headline_figures import traffic_bytes
from tests.browser.conftest import App, NewApp
from tests.browser.hands import asked, commanded, turned
from tests.core.stated_questions import random_question

pytestmark = pytest.mark.browser
SEEDS = range(8)
SMALL = ("vgg16", "unet", "resnet18", "own")
PAGES = ("Explore", "Compare", "Simulate", "Plan")


def own_model(folder: Path) -> Path:
    """Six ops in a row, in a file of the reader's."""
    ops = [{"id": "op0", "kind": "input", "inputs": [], "output_bytes": 6e5}]
    ops += [
        {
            "id": f"op{n}", "kind": "custom", "inputs": [f"op{n - 1}"], "output_bytes": (6 - n) * 1e5,
            "forward_flops": n * 1e8, "backward_flops": n * 2e8, "weight_bytes": 1e6, "trainable_bytes": 1e6,
        }
        for n in range(1, 6)
    ]  # fmt: skip
    file = folder / "six.json"
    file.write_text(json.dumps({"format": "cutwise-graph/1", "name": "six", "ops": ops}))
    return file


def about(stated: StatedQuestion, model: str, folder: Path) -> tuple[StatedQuestion, ModelGraph]:
    """The question about a model that is there, and that model."""
    if model != "own":
        reference = ModelReference(sample=model)
        return replace(stated, model=reference, cut="", kept=()), load_model(f"sample:{model}")
    file = own_model(folder)
    digest = keep_upload(file.name, file.read_bytes())
    return replace(stated, model=ModelReference(digest=digest, name=file.name), cut="", kept=()), load_model(
        file
    )


def expected(stated: StatedQuestion, graph: ModelGraph) -> list[str]:
    """What the page is to say: three figures of the library's plan, or why there is none."""
    try:
        plan = cutwise.plan(graph, stated.scenario, stated.scheme, **stated.options)
    except CutwiseError as error:
        return [" ".join(str(error).split())[:40]]
    return [
        seconds_text(plan.delay_s),
        quantity_text(plan.energy_j, "J"),
        quantity_text(traffic_bytes(plan), "B"),
    ]


def shown(app: App) -> str:
    """The words of the page, each run of spaces one."""
    return " ".join(app.text().split())


@pytest.mark.parametrize("seeds", [SEEDS])
def test_random_questions_show_the_librarys_numbers(new_app: NewApp, tmp_path: Path, seeds: range) -> None:
    app, kinds = new_app(), set()
    for seed in seeds:
        rng = random.Random(seed)
        stated, graph = about(random_question(rng), SMALL[seed % len(SMALL)], tmp_path)
        app.open(f"?q={address_of(stated)}")
        told = shown(app)
        assert asked(app) == stated, seed
        for text in expected(stated, graph):
            assert text in told, (seed, stated.scheme)
        assert app.page.get_by_test_id("stException").count() == 0, seed
        kinds.add(app.page.locator(".cutwise-figures").count())
    assert kinds == {0, 1}, "questions with an answer and without one"


@pytest.mark.parametrize("model", ["unet", "own"])
def test_a_fresh_browser_says_on_every_page_what_the_first_one_said(
    app: App, new_app: NewApp, tmp_path: Path, model: str
) -> None:
    """300 devices of many digits stand under a key; six of the reader's own model stand in the link."""
    count = {"unet": 300, "own": 6}[model]
    devices = tuple(
        replace(
            StatedQuestion().scenario.devices[n % 5], name=f"d{n}", samples=100 + n, distance_m=10 + n / 7
        )
        for n in range(count)
    )
    first = StatedQuestion()
    stated, graph = about(replace(first, scenario=replace(first.scenario, devices=devices)), model, tmp_path)
    address = address_of(stated)
    assert address.startswith(KEYED) == (count == 300)
    app.open()
    commanded(app, [{"kind": "open", "path": "", "value": address}], [0])
    app.idle()
    for text in expected(stated, graph):
        assert text in shown(app)
    for name in PAGES:
        turned(app, name)
        fresh = new_app()
        fresh.open(app.page.url.removeprefix(f"{app.address}/"))
        assert asked(fresh) == stated
        assert shown(fresh) == shown(app), name
        fresh.page.close()
