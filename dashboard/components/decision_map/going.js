// What the reader does: looks at a point with pointer or keys, and goes there by one command.

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }
const NUDGE = 0.01
const WIDE = 10

function listenToMap(view) {
  const { stage } = view
  stage.addEventListener("pointerdown", event => { view.isTouched = event.pointerType === "touch" })
  stage.addEventListener("pointermove", event => lookAt(view, pointUnder(view, event), false))
  stage.addEventListener("pointerleave", event => { if (event.pointerType !== "touch") lookAt(view, null, false) })
  stage.addEventListener("click", event => {
    if (event.target.closest("button")) return
    const point = view.isTouched ? pointUnder(view, event) : (view.cursor ?? pointUnder(view, event))
    if (view.isTouched) lookAt(view, point, true)
    else if (point) goTo(view, point)
  })
  view.tip.querySelector(".go").addEventListener("click", () => { if (view.cursor) goTo(view, view.cursor) })
  stage.addEventListener("keydown", event => pressed(view, event))
  stage.addEventListener("blur", event => { if (!stage.contains(event.relatedTarget)) lookAt(view, null, false) })
}

function pointUnder(view, event) {
  const box = view.stage.getBoundingClientRect()
  const shares = sharesAt(view, event.clientX - box.left, event.clientY - box.top)
  return shares && settledPoint(view, shares)
}

function pressed(view, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("button")) return
  view.isTouched = false
  const step = STEPS[event.key]
  if (step) lookAt(view, nudged(view, step, event.shiftKey ? WIDE : 1), true)
  else if (event.key === "Enter" && view.cursor) goTo(view, view.cursor)
  else if (event.key === "Escape" && view.cursor) lookAt(view, null, false)
  else return
  event.preventDefault()
}

// One step on; a whole number moves by one at least.
function nudged(view, step, far) {
  const from = view.cursor?.shares ?? view.data.here ?? [0.5, 0.5]
  const axes = [view.data.across, view.data.up]
  const shares = from.map((share, at) => {
    const axis = axes[at]
    if (!step[at]) return share
    const moved = share + step[at] * far * NUDGE
    if (!axis.whole) return Math.min(1, Math.max(0, moved))
    const [now, then] = [share, moved].map(one => valueAtShare(axis, Math.min(1, Math.max(0, one))))
    const value = now === then ? now + step[at] : then
    return shareOfValue(axis, Math.min(axis.high, Math.max(axis.low, value)))
  })
  const settled = settledPoint(view, shares)
  return { ...settled, shares: shares.map((share, at) => (step[at] ? share : settled.shares[at])) }
}

function lookAt(view, point, aloud) {
  view.cursor = point
  paintCursor(view)
  view.tip.hidden = !point
  if (!point) return
  const words = wordsFor(view, point)
  view.tip.querySelector("b").textContent = words.best
  view.tip.querySelector(".second").textContent = words.second
  view.tip.querySelector(".place").textContent = words.place
  view.tip.querySelector(".go").hidden = !view.isTouched
  const [x, y] = pointPx(view, point.shares)
  const { offsetWidth, offsetHeight } = view.tip
  view.tip.style.left = `${Math.max(0, Math.min(x + 16, view.grid.width - offsetWidth - 4))}px`
  view.tip.style.top = `${y + 18 + offsetHeight > view.grid.height ? y - offsetHeight - 14 : y + 18}px`
  if (aloud) view.live.textContent = [words.best, words.second, words.place].filter(Boolean).join("; ")
}

function wordsFor(view, { shares, values }) {
  const { data } = view
  const place = [data.across, data.up].map((axis, at) => quantityText(values[at], axis.unit).trim()).join(" · ")
  const told = toldAt(view, shares, values)
  if (!told) return { best: data.none, second: "", place }
  const cost = data.objective === "s" ? secondsText(told.score) : quantityText(told.score, data.objective)
  return { best: `${data.regions[told.best].label} · ${data.about}${cost} ${data.per}`, second: secondWords(data, told), place }
}

function secondWords({ regions, ranks }, { second, regret }) {
  if (second < 0) return ranks ? "no other keeps the limits" : ""
  const name = regions[second].label
  if (regret >= 1) return `next best: ${name}, ${figures(1 + regret)} times as much`
  return `next best: ${name}, ${regret > 5e-7 ? `+${figures(100 * regret)} %` : "as good"}`
}

function goTo(view, { values }) {
  const { beside, across, up } = view.data
  const value = { ...beside, [across.path]: values[0], [up.path]: values[1] }
  globalThis.cutwiseDesk?.command({ kind: "set_many", path: "map", value, device: view.data.device })
}
