// The map: takes what Python found, draws it, and tells where the reader wants to be.

const mapOf = new WeakMap()
const maps = (globalThis.__cutwiseMaps ??= new Map())

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".decisions")
  const view = mapOf.get(root) ?? newMap(root)
  const slot = maps.get(data.name) ?? {}
  slot.receive = found => show(view, found)
  maps.set(data.name, slot)
  if (slot.found) show(view, slot.found)
  return () => view.observer.disconnect()
}

function show(view, data) {
  view.data = data
  unpackRuns(view)
  view.cursor = null
  view.tip.hidden = true
  view.stage.setAttribute("aria-label", data.label)
  listRegions(view)
  tellRows(view)
  paintMap(view)
}

function unpackRuns(view) {
  const { data } = view
  view.rowShares = unpackedMap(data.rows, Float32Array)
  view.starts = unpackedMap(data.starts, Float32Array)
  view.cuts = unpackedMap(data.cuts, Int16Array)
  for (const name of ["start", "slope", "low", "high"]) view[name] = data.lines?.[name] && unpackedMap(data.lines[name], Float32Array)
  view.pointScores = data.points && unpackedMap(data.points.scores, Float32Array)
  view.pointRegrets = data.points && unpackedMap(data.points.regrets, Float32Array)
  view.pointSeconds = data.points && unpackedMap(data.points.seconds, Int16Array)
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
    told: part(".told ol"),
  }
  mapOf.set(root, view)
  root.decisionMap = view
  listenToMap(view)
  view.observer = new ResizeObserver(() => view.data && paintMap(view))
  view.observer.observe(view.stage)
  document.fonts?.ready.then(() => view.data && paintMap(view))
  return view
}

function listRegions(view) {
  const items = view.data.regions.flatMap((region, cut) => {
    if (!region.shown) return []
    const item = document.createElement("li")
    const swatch = document.createElement("span")
    swatch.className = "swatch"
    swatch.style.background = region.fill
    const kept = document.createElement("small")
    kept.textContent = region.kept
    item.append(swatch, region.label, kept)
    return [item]
  })
  view.list.replaceChildren(...items)
}

// The same in sentences, a row of the map each.
function tellRows(view) {
  view.told.replaceChildren(
    ...view.data.sentences.map(sentence => {
      const item = document.createElement("li")
      item.textContent = sentence
      return item
    }),
  )
}
