"""The scripts of the front-end components, on a browser page of their own without a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright

from cutwise.graph.blocks import blocks
from cutwise.graph.model_graph import ModelGraph, Op, TensorSpec
from cutwise_dashboard.charts.graph.graph_drawing import GraphDrawing, draw_graph
from cutwise_dashboard.components import dag_view as viewer
from cutwise_dashboard.components.dag_view.payload import fallback_colors, packed_geometry, packed_state
from tests.browser.conftest import FLAGS, chromium

pytestmark = pytest.mark.browser

MOUNT = """
async ([name, html, css, js]) => {
  const host = document.createElement("div")
  document.body.append(host)
  const root = host.attachShadow({ mode: "open" })
  root.innerHTML = `<div>${html}<style>${css}</style></div>`
  const module = await import(URL.createObjectURL(new Blob([js], { type: "text/javascript" })))
  window.sent = []
  window[name] = data => module.default({
    data, parentElement: root,
    setStateValue: (key, value) => window.sent.push([key, value]),
    setTriggerValue: (key, value) => window.sent.push([key, value]),
  })
}
"""
SETTLED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def residual_chain(blocks_count: int = 6) -> ModelGraph:
    """Blocks of four ops and a skip; the last op of each adds the block's input."""
    ops = [Op(id="x", kind="input", block="body/0", output=TensorSpec(shape=(1, 25)))]
    last = "x"
    for block in range(blocks_count):
        start = last
        for kind in ("conv2d", "relu", "conv2d", "add"):
            inputs = (last, start) if kind == "add" else (last,)
            last = f"{block}.{len(ops)}.{kind}"
            spec = TensorSpec(shape=(1, 25))
            ops.append(Op(id=last, kind=kind, inputs=inputs, block=f"body/{block}", output=spec))
    return ModelGraph(name="body", ops=tuple(ops))


def cut_drawing(device_ops: int, **options: Any) -> GraphDrawing:
    graph = residual_chain()
    side = [0] * device_ops + [1] * (len(graph) - device_ops)
    return draw_graph(graph, blocks(graph), side=side, **options)


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    started = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
    yield started
    started.close()


@dataclass
class Stage:
    """A browser page with the components' scripts loaded as Streamlit would load them."""

    page: Page

    def draw(self, drawing: GraphDrawing, selected: str | None = None) -> None:
        packed = packed_geometry(drawing.geometry)
        colors = fallback_colors(len(drawing.side_names))
        data = {"name": "g", "heightLimit": 460, "colors": colors, "geometry": packed}
        self.page.evaluate("data => { view(data) }", data)
        state = {"name": "g", "state": packed_state(drawing, selected)}
        self.page.evaluate("data => { state(data) }", state)
        self.page.evaluate(SETTLED)

    def looks(self, expression: str) -> Any:
        return self.page.evaluate(
            f"() => {{ const v = __cutwiseViewers.get('g').view; return {expression} }}"
        )

    def spot(self, node: str) -> tuple[float, float]:
        x, y = self.looks(
            f"(at => [v.placed.x[at] * v.scale + v.shiftX, v.placed.y[at] * v.scale + v.shiftY])"
            f"(v.placed.geometry.names.indexOf({node!r}))"
        )
        box = self.page.locator("canvas").bounding_box()
        assert box is not None
        return box["x"] + x, box["y"] + y

    def sent(self) -> list[Any]:
        found = self.page.evaluate("() => window.sent.splice(0)")
        return list(found)


@pytest.fixture
def stage(browser: Browser) -> Iterator[Callable[..., Stage]]:
    pages: list[Page] = []
    errors: list[str] = []

    def open_stage(width: int = 1000) -> Stage:
        page = browser.new_page(viewport={"width": width, "height": 700})
        page.on("pageerror", lambda error: errors.append(str(error)))
        pages.append(page)
        page.evaluate(MOUNT, ["view", viewer.HTML, viewer.CSS, viewer.SCRIPT])
        page.evaluate(MOUNT, ["state", "", "", viewer.STATE_SCRIPT])
        return Stage(page)

    yield open_stage
    for page in pages:
        page.close()
    assert errors == []


@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize("view", ["blocks", "near_cut", "all"])
def test_labels_lie_apart_and_inside_the_canvas(stage: Callable[..., Stage], width: int, view: str) -> None:
    opened = stage(width)
    opened.draw(cut_drawing(10, view=view))
    labels = opened.looks("v.labels.map(({ x, y, width, height }) => [x, y, x + width, y + height])")
    wide, high = opened.looks("[v.canvasWidth, v.canvasHeight]")
    assert labels
    for x0, y0, x1, y1 in labels:
        assert x0 >= 0
        assert y0 >= 0
        assert x1 <= wide
        assert y1 <= high
    for at, one in enumerate(labels):
        for other in labels[at + 1 :]:
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


@pytest.mark.parametrize("width", [390, 1400])
def test_ops_stay_readable_and_inside_their_frames(stage: Callable[..., Stage], width: int) -> None:
    opened = stage(width)
    opened.draw(cut_drawing(10, view="all"))
    assert opened.looks("v.scale") >= 0.6
    assert opened.looks("v.placed.width * v.scale") <= width
    assert opened.looks("""Array.from(v.placed.x.keys()).every(n => {
        const f = v.placed.frames[v.placed.geometry.block[n]], g = v.placed.geometry
        return v.placed.x[n] - g.width[n] / 2 >= f.x0 && v.placed.x[n] + g.width[n] / 2 <= f.x1
            && v.placed.y[n] - g.height[n] / 2 >= f.y0 && v.placed.y[n] + g.height[n] / 2 <= f.y1 })""")


def test_a_click_selects_and_a_chevron_folds(stage: Callable[..., Stage]) -> None:
    opened = stage()
    opened.draw(cut_drawing(10))
    opened.page.mouse.click(*opened.spot("2.10.relu"))
    assert opened.sent() == [["selected", "2.10.relu"]]
    x, y = opened.spot("block:body/0")
    opened.page.mouse.click(x, y)
    opened.page.mouse.click(x - 58 * opened.looks("v.scale"), y)
    assert opened.sent() == [["selected", "block:body/0"], ["toggled", "body/0"]]
    opened.page.mouse.dblclick(*opened.spot("2.10.relu"))
    assert opened.sent()[-1] == ["toggled", "body/2"]


def test_keys_walk_along_the_tensors_fold_and_clear(stage: Callable[..., Stage]) -> None:
    opened = stage()
    opened.draw(cut_drawing(10), selected="2.9.conv2d")
    opened.page.locator(".stage").focus()
    opened.page.keyboard.press("ArrowRight")
    assert opened.looks("v.selectedName") == "2.10.relu"
    assert "2.10.relu" in opened.page.locator(".live").inner_text()
    opened.page.keyboard.press("Enter")
    opened.page.keyboard.press("Escape")
    assert opened.sent() == [["toggled", "body/2"], ["selected", ""]]


def test_zoom_and_selection_survive_a_new_state_and_a_folded_block(stage: Callable[..., Stage]) -> None:
    opened = stage()
    opened.draw(cut_drawing(10), selected="2.10.relu")
    opened.page.get_by_role("button", name="Zoom in").click()
    zoomed = opened.looks("v.scale")
    opened.draw(cut_drawing(11), selected="2.10.relu")
    assert opened.looks("[v.scale, v.placed.geometry.names[v.selected]]") == [zoomed, "2.10.relu"]
    opened.draw(cut_drawing(11, closed={"body/2"}), selected="2.10.relu")
    assert opened.looks("[v.scale, v.placed.geometry.names[v.selected]]") == [zoomed, "block:body/2"]
    opened.page.get_by_role("button", name="Fit").click()
    assert opened.looks("v.scale") < zoomed


def test_the_wheel_scrolls_the_page_until_the_viewer_is_asked(stage: Callable[..., Stage]) -> None:
    opened = stage()
    opened.draw(cut_drawing(10))
    fitted = opened.looks("v.scale")
    opened.page.mouse.move(*opened.spot("2.10.relu"))
    opened.page.mouse.wheel(0, -100)
    assert opened.looks("v.scale") == fitted
    opened.page.keyboard.down("Control")
    opened.page.mouse.wheel(0, -100)
    opened.page.wait_for_function("() => __cutwiseViewers.get('g').view.isZoomed")
    assert opened.looks("v.scale") > fitted


def test_the_legend_and_the_description_say_what_crosses(stage: Callable[..., Stage]) -> None:
    opened = stage()
    opened.draw(cut_drawing(9))
    assert opened.page.locator(".legend").inner_text().split("\n") == [
        "Device",
        "Server",
        "crosses the cut: 100 B",
    ]
    assert "1 tensor with 100 B crosses" in opened.page.locator("#dag-summary").inner_text()
