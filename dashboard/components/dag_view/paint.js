// Paints one frame of the viewer on its canvas.

const SMALLEST_TEXT_PX = 6.5

function repaint(view) {
  if (view.pending) return
  view.pending = requestAnimationFrame(() => {
    view.pending = 0
    if (view.placed && view.state) paint(view)
  })
}

function paint(view) {
  const { context, theme, placed, pixelRatio } = view
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0)
  context.clearRect(0, 0, view.canvasWidth, view.canvasHeight)
  context.translate(view.shiftX, view.shiftY)
  context.scale(view.scale, view.scale)
  paintFrames(view, context)
  context.lineWidth = Math.max(1.1 / view.scale, 1.1)
  context.strokeStyle = theme.text
  context.globalAlpha = view.scale < 0.12 ? 0.16 : 0.38
  context.stroke(view.edgePath)
  context.globalAlpha = 1
  const nodes = visibleNodes(view)
  paintCut(view, context)
  paintNodes(view, context, nodes)
  paintTexts(view, context, nodes)
  paintMarks(view, context)
  view.labels = placeLabels(view, context)
  paintLabels(view, context)
  view.root.dataset.painted = String(1 + Number(view.root.dataset.painted ?? 0))
  view.root.dataset.placed = placed.geometry.digest
}

function paintFrames(view, context) {
  const { placed, theme, state, scale } = view
  placed.geometry.frames.forEach((shape, at) => {
    if (!shape.isOpen) return
    const frame = placed.frames[at]
    const color = state.frameSide[at] < 0 ? theme.text : theme.sides[state.frameSide[at]].fill
    context.beginPath()
    context.roundRect(frame.x0, frame.y0, frame.x1 - frame.x0, frame.y1 - frame.y0, 9)
    context.globalAlpha = state.frameSide[at] < 0 ? 0.04 : 0.08
    context.fillStyle = color
    context.fill()
    context.globalAlpha = state.frameSide[at] < 0 ? 0.35 : 0.55
    context.lineWidth = 1 / scale
    context.strokeStyle = color
    context.stroke()
    context.globalAlpha = 1
    const size = 12.5
    if (size * scale < SMALLEST_TEXT_PX) return
    context.fillStyle = theme.text
    context.font = `600 ${size}px ${theme.font}`
    context.textAlign = "left"
    context.textBaseline = "middle"
    paintChevron(context, frame.x0 + 12, frame.y0 + 13, true)
    context.fillText(shape.name, frame.x0 + 21, frame.y0 + 13.5, Math.max(40, frame.x1 - frame.x0 - 28))
  })
}

function paintNodes(view, context, nodes) {
  const { placed, theme, state } = view
  const { width, height } = placed.geometry
  const isSmall = view.scale < 0.2
  theme.sides.forEach(({ fill }, side) => {
    context.fillStyle = fill
    context.beginPath()
    for (const node of nodes) if (state.side[node] === side) nodePath(context, placed, node, isSmall)
    context.fill()
  })
  for (const [node, shares] of state.mixed) {
    context.save()
    context.beginPath()
    nodePath(context, placed, node, false)
    context.clip()
    let left = placed.x[node] - width[node] / 2
    shares.forEach((share, side) => {
      context.fillStyle = theme.sides[side].fill
      context.fillRect(left, placed.y[node] - height[node] / 2, share * width[node] + 1, height[node])
      left += share * width[node]
    })
    context.restore()
  }
}

function nodePath(context, placed, node, isSmall) {
  const { width, height } = placed.geometry
  const box = [placed.x[node] - width[node] / 2, placed.y[node] - height[node] / 2, width[node], height[node]]
  if (isSmall) context.rect(...box)
  else context.roundRect(...box, 6)
}

function paintTexts(view, context, nodes) {
  const { placed, theme, state, scale } = view
  const { labels, subLabels, width, frames, block } = placed.geometry
  context.textBaseline = "middle"
  for (const node of nodes) {
    const isCard = subLabels[node] !== ""
    const size = isCard ? 14 : 12.5
    if (size * scale < SMALLEST_TEXT_PX) continue
    const x = placed.x[node], y = placed.y[node]
    context.fillStyle = inkOf(view, node)
    context.textAlign = "center"
    context.font = `600 ${size}px ${theme.font}`
    const hasChevron = isCard && frames[block[node]].ops > 1
    const shift = hasChevron ? 9 : 0
    const room = width[node] - 8 - 2 * shift
    context.fillText(labels[node], x + shift, y + (isCard ? -8 : 0.5), room)
    if (!isCard) continue
    if (hasChevron) paintChevron(context, x - width[node] / 2 + 12, y, false)
    if (11 * scale < SMALLEST_TEXT_PX) continue
    context.font = `500 11px ${theme.font}`
    context.fillText(subLabels[node], x + shift, y + 11, room)
  }
  context.globalAlpha = 1
}

// A card that the cut passes through has two colours; its text gets a plate of the first.
function inkOf(view, node) {
  const side = view.state.side[node]
  if (side < view.theme.sides.length) return view.theme.sides[side].ink
  const shares = view.state.mixed.get(node)
  return view.theme.sides[shares.indexOf(Math.max(...shares))].ink
}

function paintChevron(context, x, y, isOpen) {
  context.save()
  context.translate(x, y)
  if (isOpen) context.rotate(Math.PI / 2)
  context.beginPath()
  context.moveTo(-2.2, -4)
  context.lineTo(2.2, 0)
  context.lineTo(-2.2, 4)
  context.lineWidth = 1.8
  context.lineCap = context.lineJoin = "round"
  context.strokeStyle = context.fillStyle
  context.stroke()
  context.restore()
}

function paintCut(view, context) {
  if (!view.cutPath) return
  const width = Math.max(2.2 / view.scale, 2)
  context.strokeStyle = view.theme.background
  context.lineWidth = width + 1 / view.scale
  context.stroke(view.cutPath)
  context.strokeStyle = view.theme.cut
  context.lineWidth = width
  context.setLineDash([6 / view.scale, 4 / view.scale])
  context.stroke(view.cutPath)
  context.setLineDash([])
}

function paintMarks(view, context) {
  for (const [node, width] of [[view.hovered, 1.5], [view.selected, 3]]) {
    if (node < 0 || node >= view.placed.x.length) continue
    const { geometry, x, y } = view.placed
    const gap = 3
    context.beginPath()
    context.roundRect(x[node] - geometry.width[node] / 2 - gap, y[node] - geometry.height[node] / 2 - gap, geometry.width[node] + 2 * gap, geometry.height[node] + 2 * gap, 8)
    context.lineWidth = width / view.scale
    context.strokeStyle = view.theme.text
    context.stroke()
  }
}

function toScreen(view, x, y) {
  return { x: x * view.scale + view.shiftX, y: y * view.scale + view.shiftY }
}

function nodeBox(view, node) {
  const { width, height } = view.placed.geometry
  const corner = toScreen(view, view.placed.x[node] - width[node] / 2, view.placed.y[node] - height[node] / 2)
  return { ...corner, width: width[node] * view.scale, height: height[node] * view.scale }
}

function visibleNodes(view) {
  const { placed, scale } = view
  const left = -view.shiftX / scale - 80, right = (view.canvasWidth - view.shiftX) / scale + 80
  const top = -view.shiftY / scale - 40, bottom = (view.canvasHeight - view.shiftY) / scale + 40
  const nodes = []
  for (let node = 0; node < placed.x.length; node++)
    if (placed.x[node] > left && placed.x[node] < right && placed.y[node] > top && placed.y[node] < bottom) nodes.push(node)
  return nodes
}
