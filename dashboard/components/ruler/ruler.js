// The cut ruler: draws what it is given, points at a cut, and asks the desk to pin it.
const PHONE_PX = 700

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".ruler")
  const isFirst = !root.ruler
  root.ruler ??= { at: null, live: parentElement.querySelector("[aria-live]"), tip: htmlEl("div", "tip"), note: htmlEl("p", "note") }
  root.style.height = `${(window.innerWidth < PHONE_PX ? data.narrowHeight : data.height) ?? 430}px`
  root.ruler.data = decoded(data)
  paintColors(root, data.colors)
  if (isFirst) listen(root)
  drawAll(root, { moves: !isFirst })
}

function paintColors(root, colors) {
  for (const [name, color] of Object.entries(colors)) root.style.setProperty(`--ruler-${name}`, color)
}

function listen(root) {
  new ResizeObserver(() => drawAll(root, { moves: false })).observe(root)
  document.fonts?.ready.then(() => { measured.clear(); drawAll(root, { moves: false }) })
  root.addEventListener("keydown", event => pressKey(root, event))
  root.addEventListener("pointermove", event => { if (event.pointerType !== "touch") pointAt(root, under(root, event)) })
  root.addEventListener("pointerleave", event => { if (event.pointerType !== "touch") pointAt(root, null) })
  root.addEventListener("pointerdown", event => { root.ruler.touch = event.pointerType === "touch" })
  root.addEventListener("click", event => clickAt(root, under(root, event)))
  root.addEventListener("focus", () => { if (root.matches(":focus-visible")) pointAt(root, root.ruler.at ?? root.ruler.data.chosen) })
  root.addEventListener("blur", () => pointAt(root, null))
}

const under = (root, event) => (root.ruler.view ? positionAt(root.ruler.view, event.clientX - root.getBoundingClientRect().left) : null)

function drawAll(root, { moves }) {
  const { ruler } = root
  if (ruler.data.message) return say(root, ruler.data)
  if (!root.clientWidth || !root.clientHeight) return
  ruler.note.textContent = ruler.data.note
  ruler.note.hidden = !ruler.data.note
  if (!ruler.note.isConnected) root.append(ruler.note)
  const view = layoutOf(root, ruler.data)
  const drawn = drawRuler(root, view)
  const from = moves && ruler.view?.positions === view.positions ? ruler.lines.map(({ at }) => at) : []
  Object.assign(ruler, { view, ...drawn })
  root.replaceChildren(drawn.svg, ruler.note, ruler.tip)
  glide(drawn.lines, from)
  describe(root)
  pointAt(root, ruler.at !== null && ruler.at < view.positions ? ruler.at : null)
}

// A scheme without a cut: the sentence alone.
function say(root, data) {
  root.ruler.view = null
  root.removeAttribute("aria-valuetext")
  root.setAttribute("aria-label", data.message)
  root.setAttribute("aria-valuenow", 0)
  root.replaceChildren(htmlEl("p", "message", data.message))
}

function describe(root) {
  const { data, view } = root.ruler
  const best = `${data.words.best} ${secondsText(data.totalS[data.best])}: ${cutTitle(data, data.best)}`
  root.setAttribute("aria-label", `Cut position of ${data.device}, ${view.positions} cuts; ${best}. ${data.canPin ? "Arrow keys move, Enter pins, Escape unpins." : "Arrow keys move."} ${data.note}`)
  root.setAttribute("aria-valuemin", 1)
  root.setAttribute("aria-valuemax", view.positions)
  tell(root, root.ruler.at ?? data.chosen)
}

function tell(root, at) {
  root.setAttribute("aria-valuenow", at + 1)
  root.setAttribute("aria-valuetext", spokenPosition(root.ruler.data, at))
}

function pointAt(root, at) {
  const { ruler } = root, { view, data, tip, cursor } = ruler
  if (!view) return
  const changed = ruler.at !== at
  ruler.at = at
  tip.hidden = at === null
  cursor.setAttribute("opacity", at === null ? 0 : 0.1)
  if (changed) follow(data, at)
  if (at === null) return tell(root, data.chosen)
  tell(root, at)
  cursor.setAttribute("x", view.barStart(at))
  cursor.setAttribute("width", Math.max(2, view.unit))
  fillTip(tip, data, at)
  placeTip(tip, view, at)
}

// The graph below follows: the last op before the cut that is pointed at.
function follow(data, at) {
  const op = at === null ? "" : data.cuts[at].split(",").at(-1)
  window.dispatchEvent(new CustomEvent("cutwise:cut-hover", { detail: { op, position: at, device: data.device } }))
}

// A finger's first touch shows a cut, the second pins it.
function clickAt(root, at) {
  const { ruler } = root
  if (at === null) return
  const shows = ruler.touch && ruler.at !== at
  pointAt(root, at)
  if (!shows) pinAt(root, at)
}

function pinAt(root, at) {
  const { data } = root.ruler
  if (!data.canPin || (at === data.chosen && (data.pinned || at === data.planned))) return
  if (at === data.planned) unpin(root)
  else command(root, data.cuts[at], `Pinned: ${spokenPosition(data, at)}`)
}

function unpin(root) {
  if (root.ruler.data.pinned) command(root, "", "The plan's own cut again")
}

function command(root, value, told) {
  if (root.ruler.live) root.ruler.live.textContent = told
  window.cutwiseDesk?.command({ kind: "pin", path: "cut", value, device: root.ruler.data.device })
}

function pressKey(root, event) {
  const { ruler } = root
  if (!ruler.view || event.ctrlKey || event.metaKey || event.altKey) return
  const at = ruler.at ?? ruler.data.chosen, last = ruler.view.positions - 1, page = Math.max(1, Math.round(last / 10))
  const next = {
    ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1,
    PageDown: at - page, PageUp: at + page, Home: 0, End: last,
  }[event.key]
  if (next !== undefined) pointAt(root, Math.max(0, Math.min(last, next)))
  else if (event.key === "Enter") pinAt(root, at)
  else if (event.key === "Escape") { pointAt(root, null); unpin(root) }
  else return
  event.preventDefault()
}
