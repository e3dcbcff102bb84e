// The map: takes what Python priced, draws it, and tells where the reader wants to be.

const mapOf = new WeakMap()

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".decisions")
  const view = mapOf.get(root) ?? newMap(root)
  view.data = data
  view.best = unpackedMap(data.best, Int16Array)
  view.delays = unpackedMap(data.delays, Float32Array)
  view.cursor = null
  view.tip.hidden = true
  view.stage.setAttribute("aria-label", data.label)
  listRegions(view)
  paintMap(view)
  return () => view.observer.disconnect()
}

function newMap(root) {
  const part = name => root.querySelector(name)
  const view = {
    root,
    stage: part(".stage"),
    canvas: part("canvas"),
    tip: part(".tip"),
    live: part(".live"),
    list: part(".regions"),
  }
  view.tip.append(document.createElement("b"), document.createElement("span"))
  mapOf.set(root, view)
  root.decisionMap = view
  listenToMap(view)
  view.observer = new ResizeObserver(() => view.data && paintMap(view))
  view.observer.observe(view.stage)
  document.fonts?.ready.then(() => view.data && paintMap(view))
  return view
}

function listRegions(view) {
  const items = view.data.regions.map(region => {
    const item = document.createElement("li")
    const swatch = document.createElement("span")
    swatch.className = "swatch"
    swatch.style.background = region.fill
    item.append(swatch, region.label)
    return item
  })
  view.list.replaceChildren(...items)
}
