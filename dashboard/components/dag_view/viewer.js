// The viewer: takes a geometry, and the state that `state.js` brings, and keeps zoom and selection.

const CUT_HOVER = "cutwise:cut-hover"
const viewers = (globalThis.__cutwiseViewers ??= new Map())
const byRoot = new WeakMap()

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".dag")
  const view = byRoot.get(root) ?? newView(root)
  const slot = viewers.get(data.name) ?? {}
  viewers.set(data.name, Object.assign(slot, { view, receive: state => receive(view, state) }))
  view.heightLimit = data.heightLimit
  view.fallbackColors = data.colors
  view.send = (event, value) => setTriggerValue(event, value)
  if (view.offered?.digest !== data.geometry.digest) view.offered = readGeometry(data.geometry)
  if (slot.state) receive(view, slot.state)
  window.addEventListener(CUT_HOVER, view.follow)
  return () => {
    window.removeEventListener(CUT_HOVER, view.follow)
    view.observer.disconnect()
    clearTimeout(view.settling)
    cancelAnimationFrame(view.pending)
    if (viewers.get(data.name)?.view === view) slot.view = slot.receive = null
  }
}

function newView(root) {
  const canvas = root.querySelector("canvas")
  const view = {
    root,
    canvas,
    context: canvas.getContext("2d"),
    stage: root.querySelector(".stage"),
    tip: root.querySelector(".tip"),
    live: root.querySelector(".live"),
    hovered: -1,
    selected: -1,
    selectedName: null,
    isZoomed: false,
    labels: [],
  }
  view.follow = event => follow(view, event.detail?.op)
  byRoot.set(root, view)
  drawIcons(root)
  listen(view)
  view.observer = new ResizeObserver(() => resize(view))
  view.observer.observe(view.stage)
  document.fonts?.ready.then(() => repaint(view))
  return view
}

// The last op before the cut that the ruler points at is marked, or the folded block that it is in.
function follow(view, op) {
  if (!view.placed || !view.state) return
  view.hovered = op ? nodeOf(view, op) : -1
  repaint(view)
}

const nodeOf = (view, name) => view.state.shown.get(name) ?? view.placed.geometry.names.indexOf(name)

// A state belongs to one geometry; whichever of the two comes first waits for the other.
function receive(view, state) {
  view.theme = themeOf(view.root, view.fallbackColors)
  if (!view.offered || state.digest !== view.offered.digest) return
  view.state = {
    ...state,
    side: unpacked(state.side, Uint8Array),
    crosses: new Set(unpacked(state.crosses, Int32Array)),
    mixed: new Map(state.mixed),
    shown: new Map(Object.entries(state.shown)),
    frameSide: unpacked(state.frameSide, Int8Array),
  }
  if (state.selected !== view.told) {
    view.told = state.selected
    view.selectedName = state.selected
  }
  if (view.placed?.geometry !== view.offered) place(view)
  view.selected = nodeOf(view, view.selectedName)
  traceEdges(view)
  showLegend(view)
  repaint(view)
}

function place(view) {
  const anchor = view.isZoomed && view.placed ? middleFrame(view) : null
  const width = view.stage.clientWidth
  if (!width) return
  view.canvasWidth = width
  view.placed = flow(view.offered, width, view.heightLimit)
  view.tracedFor = null
  view.hovered = -1
  view.stage.style.height = `${view.placed.heightPx + 2}px`
  fitCanvas(view)
  if (!view.isZoomed) return fitWhole(view)
  const at = anchor ? view.placed.geometry.frames.findIndex(frame => frame.name === anchor.name) : -1
  if (at < 0) return fitWhole(view)
  view.shiftX += (anchor.box.x0 - view.placed.frames[at].x0) * view.scale
  view.shiftY += (anchor.box.y0 - view.placed.frames[at].y0) * view.scale
  return undefined
}

function middleFrame(view) {
  const x = (view.canvasWidth / 2 - view.shiftX) / view.scale, y = (view.canvasHeight / 2 - view.shiftY) / view.scale
  const away = view.placed.frames.map(box => Math.hypot((box.x0 + box.x1) / 2 - x, (box.y0 + box.y1) / 2 - y))
  const at = away.indexOf(Math.min(...away))
  return { name: view.placed.geometry.frames[at].name, box: view.placed.frames[at] }
}

function resize(view) {
  if (!view.placed || !view.state || view.stage.clientWidth === view.canvasWidth) return
  place(view)
  traceEdges(view)
  repaint(view)
}

function fitCanvas(view) {
  view.pixelRatio = globalThis.devicePixelRatio || 1
  view.canvasHeight = view.placed.heightPx
  view.canvas.width = Math.round(view.canvasWidth * view.pixelRatio)
  view.canvas.height = Math.round(view.canvasHeight * view.pixelRatio)
}

// The whole graph, or, where a readable scale does not show all of it, the rows around the cut.
function fitWhole(view) {
  const { placed } = view
  view.isZoomed = false
  view.root.classList.remove("zoomed")
  view.scale = placed.scale
  view.shiftX = Math.max(sideMargin(view.canvasWidth), (view.canvasWidth - placed.width * view.scale) / 2)
  const spare = view.canvasHeight - placed.height * view.scale
  const wanted = view.canvasHeight / 2 - cutMiddle(view) * view.scale
  view.shiftY = spare >= 2 * TOP_MARGIN - 1 ? spare / 2 : clamp(wanted, spare - TOP_MARGIN, TOP_MARGIN)
}

// The height to look at: the last op of an open frame that sends across, else the last card that does.
function cutMiddle(view) {
  const { geometry, y } = view.placed
  const senders = view.state.crossings.map(({ node }) => node)
  const open = senders.filter(node => geometry.frames[geometry.block[node]].isOpen)
  const last = Math.max(-1, ...(open.length ? open : senders))
  return last < 0 ? 0 : y[last]
}

function fit(view) {
  fitWhole(view)
  repaint(view)
}

function zoom(view, factor, point) {
  const at = point ?? { x: view.canvasWidth / 2, y: view.canvasHeight / 2 }
  const scale = clamp(view.scale * factor, view.placed.scale / 4, LARGEST_ZOOM)
  const change = scale / view.scale
  moveTo(view, scale, at.x - (at.x - view.shiftX) * change, at.y - (at.y - view.shiftY) * change)
}

function moveTo(view, scale, shiftX, shiftY) {
  const keep = 60
  view.scale = scale
  view.shiftX = clamp(shiftX, keep - view.placed.width * scale, view.canvasWidth - keep)
  view.shiftY = clamp(shiftY, keep - view.placed.height * scale, view.canvasHeight - keep)
  view.isZoomed = true
  view.root.classList.add("zoomed")
  repaint(view)
}

function bringIntoView(view, node) {
  const box = nodeBox(view, node)
  const right = Math.max(0, box.x + box.width + 20 - view.canvasWidth) + Math.min(0, box.x - 20)
  const down = Math.max(0, box.y + box.height + 20 - view.canvasHeight) + Math.min(0, box.y - 20)
  if (right || down) moveTo(view, view.scale, view.shiftX - right, view.shiftY - down)
}

function traceEdges(view) {
  const { placed, state } = view
  if (view.tracedFor !== placed) {
    view.tracedFor = placed
    view.edgePath = traced(placed, placed.geometry.producer.keys())
  }
  view.cutPath = state.crosses.size ? traced(placed, state.crosses) : null
}

function showLegend(view) {
  const { state, theme } = view
  view.root.querySelector("#dag-summary").textContent = state.summary
  const entries = state.sideNames.map((name, side) => [element("i", "swatch", { background: theme.sides[side].fill }), name])
  if (state.crossingText) entries.push([element("i", "dash", { color: theme.cut }), state.crossingText])
  view.root.querySelector(".legend").replaceChildren(
    ...entries.map(([mark, text]) => {
      const entry = element("span")
      entry.append(mark, text)
      return entry
    }),
  )
}

function element(tag, className = "", style = {}) {
  const made = document.createElement(tag)
  made.className = className
  Object.assign(made.style, style)
  return made
}

const ICONS = { "zoom-in": "M2 8h12M8 2v12", "zoom-out": "M2 8h12", fit: "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4" }

function drawIcons(root) {
  for (const [name, shape] of Object.entries(ICONS)) {
    const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg")
    icon.setAttribute("viewBox", "0 0 16 16")
    icon.setAttribute("aria-hidden", "true")
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path")
    path.setAttribute("d", shape)
    icon.append(path)
    root.querySelector(`.${name}`).replaceChildren(icon)
  }
}
