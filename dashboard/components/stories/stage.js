// The stage of a story: keeps where the reader is, draws anew when that or the width changes.

const NARROW = 1180
const stageOf = new WeakMap()

function staged(parentElement, data, first, draw) {
  const root = parentElement.querySelector(".story")
  const stage = stageOf.get(root) ?? newStage(root, first, draw)
  stage.data = data
  stage.redraw()
  return () => stage.observer.disconnect()
}

function newStage(root, first, draw) {
  const stage = {
    root,
    picture: root.querySelector(".picture"),
    side: root.querySelector(".side"),
    live: root.querySelector("[aria-live]"),
    at: { ...first },
    width: 0,
  }
  stageOf.set(root, stage)
  root.stage = stage
  stage.redraw = () => {
    if (!stage.data || !root.clientWidth) return
    const focused = root.getRootNode().activeElement?.dataset?.key
    root.classList.toggle("narrow", root.clientWidth < NARROW)
    stage.width = stage.picture.clientWidth
    draw(stage)
    if (focused !== undefined) keyed(root, focused)?.focus({ preventScroll: true })
  }
  stage.go = (change, spoken) => {
    Object.assign(stage.at, change)
    stage.redraw()
    if (spoken !== undefined) stage.live.textContent = spoken
  }
  stage.observer = new ResizeObserver(() => {
    if (root.clientWidth && stage.picture.clientWidth !== stage.width) stage.redraw()
  })
  stage.observer.observe(root)
  return stage
}

function keyed(root, key) {
  return [...root.querySelectorAll("[data-key]")].find(part => part.dataset.key === key)
}
