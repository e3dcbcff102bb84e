// What the reader does: looks at a point with pointer or keys, and goes there by one command.

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }
const MINUTE_S = 60

function listenToMap(view) {
  const { stage } = view
  stage.addEventListener("pointermove", event => lookAt(view, cellUnder(view, event), false))
  stage.addEventListener("pointerleave", () => lookAt(view, null, false))
  stage.addEventListener("click", event => {
    const cell = cellUnder(view, event)
    if (cell) goTo(view, cell)
  })
  stage.addEventListener("keydown", event => pressed(view, event))
  stage.addEventListener("blur", () => lookAt(view, null, false))
}

function cellUnder(view, event) {
  const box = view.stage.getBoundingClientRect()
  return cellAt(view, event.clientX - box.left, event.clientY - box.top)
}

function pressed(view, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  const step = STEPS[event.key]
  if (step) {
    const from = view.cursor ?? cellOf(view, view.data.here)
    const far = event.shiftKey ? 10 : 1
    const within = (value, count) => Math.min(count - 1, Math.max(0, value))
    const column = within(from.column + far * step[0], view.grid.columns)
    lookAt(view, { column, row: within(from.row + far * step[1], view.grid.rows) }, true)
  } else if (event.key === "Enter" && view.cursor) {
    goTo(view, view.cursor)
  } else if (event.key === "Escape" && view.cursor) {
    lookAt(view, null, false)
  } else {
    return
  }
  event.preventDefault()
}

function lookAt(view, cell, aloud) {
  view.cursor = cell
  paintCursor(view)
  view.tip.hidden = !cell
  if (!cell) return
  const words = wordsFor(view, cell)
  view.tip.querySelector("b").textContent = words.cut
  view.tip.querySelector("span").textContent = words.rest
  const [x, y] = middleOf(view, cell)
  const { offsetWidth, offsetHeight } = view.tip
  view.tip.style.left = `${Math.max(0, Math.min(x + 16, view.grid.width - offsetWidth - 4))}px`
  view.tip.style.top = `${y + 18 + offsetHeight > view.grid.height ? y - offsetHeight - 14 : y + 18}px`
  if (aloud) view.live.textContent = `${words.cut}: ${words.rest}`
}

function wordsFor(view, { column, row }) {
  const { data } = view
  const at = `${data.linkTexts[column]} up, ${data.speedTexts[row]}`
  const region = data.regions[cutAt(view, column, row)]
  if (!region) return { cut: "no cut keeps the limits", rest: at }
  return { cut: region.label, rest: `${secondsWords(delayAt(view, column, row))} ${data.per} at ${at}` }
}

function secondsWords(value) {
  if (value < 0.1) return `${Number((1e3 * value).toPrecision(3))} ms`
  if (value < 2 * MINUTE_S) return `${Number(value.toPrecision(3))} s`
  const whole = Math.round(value)
  if (whole < MINUTE_S * MINUTE_S) return `${Math.floor(whole / MINUTE_S)} min ${whole % MINUTE_S} s`
  const minutes = Math.round(value / MINUTE_S)
  return `${Math.floor(minutes / MINUTE_S).toLocaleString("en")} h ${minutes % MINUTE_S} min`
}

function goTo(view, { column, row }) {
  const { across, up, beside, linkValues, speedValues } = view.data
  const value = { ...beside, [across.path]: linkValues[column], [up.path]: speedValues[row] }
  globalThis.cutwiseDesk?.command({ kind: "set_many", path: "map", value, device: view.data.device })
}
