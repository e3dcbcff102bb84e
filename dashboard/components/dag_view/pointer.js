// Pointer, wheel and keyboard: look, select, fold, pan and zoom.

const DRAG_PX = 4
const ZOOM_STEP = 1.25
const LARGEST_ZOOM = 4
const TITLE_HIT = 24
const CHEVRON_HIT = 26
const SETTLE_MS = 250

function listen(view) {
  const { stage, canvas, root } = view
  const pointers = new Map()
  let start = null

  canvas.onpointerdown = event => {
    pointers.set(event.pointerId, pointOf(view, event))
    canvas.setPointerCapture(event.pointerId)
    start = { at: pointOf(view, event), shiftX: view.shiftX, shiftY: view.shiftY, moved: pointers.size > 1 }
    stage.focus({ preventScroll: true })
    view.isActive = true
  }
  canvas.onpointermove = event => {
    const at = pointOf(view, event)
    if (!pointers.has(event.pointerId)) return hover(view, at)
    const before = pointers.get(event.pointerId)
    pointers.set(event.pointerId, at)
    if (pointers.size === 2) return pinch(view, pointers, event.pointerId, before)
    if (!start.moved && Math.hypot(at.x - start.at.x, at.y - start.at.y) < DRAG_PX) return undefined
    start.moved = true
    view.tip.hidden = true
    return moveTo(view, view.scale, start.shiftX + at.x - start.at.x, start.shiftY + at.y - start.at.y)
  }
  const release = event => {
    pointers.delete(event.pointerId)
    const other = [...pointers.values()][0]
    if (other) start = { at: other, shiftX: view.shiftX, shiftY: view.shiftY, moved: true }
  }
  canvas.onpointerup = event => {
    if (pointers.size === 1 && start && !start.moved) click(view, pointOf(view, event))
    release(event)
  }
  canvas.onpointercancel = release
  canvas.onpointerleave = () => {
    view.isActive = false
    hover(view, null)
  }
  canvas.ondblclick = event => {
    const hit = hitAt(view, pointOf(view, event))
    if (!hit.isChevron) toggle(view, hit.frame)
  }
  canvas.onwheel = event => {
    if (!(event.ctrlKey || event.metaKey || view.isActive)) return
    event.preventDefault()
    zoom(view, Math.exp(-event.deltaY * 0.0015), pointOf(view, event))
  }
  stage.onkeydown = event => {
    const act = KEYS[event.key]
    if (!act || event.altKey || event.ctrlKey || event.metaKey) return
    act(view)
    event.preventDefault()
  }
  root.querySelector(".zoom-in").onclick = () => zoom(view, ZOOM_STEP)
  root.querySelector(".zoom-out").onclick = () => zoom(view, 1 / ZOOM_STEP)
  root.querySelector(".fit").onclick = () => fit(view)
}

const KEYS = {
  "+": view => zoom(view, ZOOM_STEP),
  "=": view => zoom(view, ZOOM_STEP),
  "-": view => zoom(view, 1 / ZOOM_STEP),
  0: view => fit(view),
  ArrowRight: view => walk(view, alongEdge(view, "producer", "reader", 1)),
  ArrowLeft: view => walk(view, alongEdge(view, "reader", "producer", -1)),
  ArrowUp: view => walk(view, beside(view, -1)),
  ArrowDown: view => walk(view, beside(view, 1)),
  Enter: view => toggle(view, view.selected < 0 ? -1 : view.placed.geometry.block[view.selected]),
  Escape: view => select(view, -1),
}

function pointOf(view, event) {
  const box = view.canvas.getBoundingClientRect()
  return { x: event.clientX - box.left, y: event.clientY - box.top }
}

// The node, frame and chevron under a point of the canvas; -1 for none.
function hitAt(view, point) {
  const { placed } = view
  const x = (point.x - view.shiftX) / view.scale, y = (point.y - view.shiftY) / view.scale
  const { width, height, frames, block } = placed.geometry
  const reach = 2 / view.scale
  let node = -1
  for (let at = 0; at < placed.x.length && node < 0; at++)
    if (Math.abs(placed.x[at] - x) <= width[at] / 2 + reach && Math.abs(placed.y[at] - y) <= height[at] / 2 + reach) node = at
  const frame = placed.frames.findIndex(box => x >= box.x0 && x <= box.x1 && y >= box.y0 && y <= box.y1)
  const inTitle = frame >= 0 && frames[frame].isOpen && node < 0 && y - placed.frames[frame].y0 < TITLE_HIT
  const onCard = node >= 0 && !frames[block[node]].isOpen && x - placed.frames[block[node]].x0 < CHEVRON_HIT
  return { node, frame, isChevron: (inTitle || onCard) && frames[frame]?.ops > 1 }
}

function click(view, point) {
  const hit = hitAt(view, point)
  if (hit.isChevron) toggle(view, hit.frame)
  else select(view, hit.node)
}

function select(view, node) {
  view.selected = node
  view.selectedName = node < 0 ? null : view.placed.geometry.names[node]
  say(view, node)
  repaint(view)
  view.send("selected", view.selectedName ?? "")
}

function toggle(view, frame) {
  const shape = view.placed.geometry.frames[frame]
  if (shape && shape.ops > 1) view.send("toggled", shape.name)
}

function walk(view, node) {
  if (node < 0) return
  view.selected = node
  view.selectedName = view.placed.geometry.names[node]
  bringIntoView(view, node)
  say(view, node)
  repaint(view)
  clearTimeout(view.settling)
  view.settling = setTimeout(() => view.send("selected", view.selectedName), SETTLE_MS)
}

function alongEdge(view, fromEnd, toEnd, step) {
  const { geometry } = view.placed
  if (view.selected < 0) return 0
  const edge = geometry[fromEnd].indexOf(view.selected)
  const next = edge >= 0 ? geometry[toEnd][edge] : view.selected + step
  return next >= 0 && next < view.placed.x.length ? next : -1
}

function beside(view, direction) {
  const { x, y } = view.placed
  if (view.selected < 0) return 0
  let best = -1, shortest = Infinity
  for (let node = 0; node < x.length; node++) {
    const down = (y[node] - y[view.selected]) * direction
    const away = Math.abs(x[node] - x[view.selected]) * 2 + down
    if (down > 4 && away < shortest) [best, shortest] = [node, away]
  }
  return best
}

function say(view, node) {
  view.live.textContent = node < 0 ? "Nothing selected" : `${view.placed.geometry.details[node].replaceAll("\n", ", ")}, ${sideText(view, node)}`
}

function hover(view, point) {
  const hit = point ? hitAt(view, point) : { node: -1, isChevron: false }
  view.canvas.style.cursor = hit.node >= 0 || hit.isChevron ? "pointer" : "grab"
  if (hit.node !== view.hovered) {
    view.hovered = hit.node
    repaint(view)
  }
  view.tip.hidden = hit.node < 0
  if (hit.node < 0) return
  view.tip.textContent = tipText(view, hit.node)
  const left = Math.min(point.x + 14, view.canvasWidth - view.tip.offsetWidth - 4)
  const below = point.y + 16, above = point.y - view.tip.offsetHeight - 10
  const top = below + view.tip.offsetHeight < view.canvasHeight ? below : Math.max(2, above)
  view.tip.style.transform = `translate(${Math.max(2, left)}px, ${top}px)`
}

function tipText(view, node) {
  const crossing = view.state.crossings.find(found => found.node === node)
  const sent = crossing ? `\nCrosses the cut: ${crossing.text}` : ""
  return `${view.placed.geometry.details[node]}\n${sideText(view, node)}${sent}`
}

function sideText(view, node) {
  const { state } = view
  const shares = state.mixed.get(node)
  if (!shares) return state.sideNames[state.side[node]]
  return state.sideNames.filter((_, side) => shares[side] > 0).join(" and ")
}

function pinch(view, pointers, moved, before) {
  const [first, second] = [...pointers.values()]
  const fixed = [...pointers].find(([id]) => id !== moved)[1]
  const now = pointers.get(moved)
  const factor = Math.hypot(now.x - fixed.x, now.y - fixed.y) / Math.max(8, Math.hypot(before.x - fixed.x, before.y - fixed.y))
  const middle = { x: (first.x + second.x) / 2, y: (first.y + second.y) / 2 }
  zoom(view, factor, middle)
  moveTo(view, view.scale, view.shiftX + (now.x - before.x) / 2, view.shiftY + (now.y - before.y) / 2)
}
