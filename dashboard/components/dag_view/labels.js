// Finds a place for the size of every crossing tensor, clear of other labels, the border and, if it can, of ops.

const MOST_LABELS = 12
const MOST_LABELS_FAR = 5 // where ops are too small to read
const LABEL_HEIGHT = 20
const LABEL_PADDING = 7
const LABEL_FONT_PX = 12
const LABEL_TRIES = [[0, -1], [0, 1], [0.6, -1], [0.6, 1], [-0.6, -1], [-0.6, 1], [0, -2.1], [0, 2.1], [1.2, 0], [0.9, -2.1], [0.9, 2.1], [-0.9, -2.1], [-0.9, 2.1], [0, -3.2], [0, 3.2], [1.5, -3.2], [1.5, 3.2]]

function placeLabels(view, context) {
  const { state, placed, canvasWidth, canvasHeight, theme } = view
  context.font = `700 ${LABEL_FONT_PX}px ${theme.font}`
  const obstacles = [...visibleNodes(view).map(node => nodeBox(view, node)), ...titleBoxes(view)]
  const largest = [...state.crossings].sort((a, b) => b.sizeBytes - a.sizeBytes).slice(0, view.scale < 0.45 ? MOST_LABELS_FAR : MOST_LABELS)
  const labels = []
  for (const { node, text } of largest) {
    const anchor = toScreen(view, placed.x[node] + placed.geometry.width[node] / 2 + 10, placed.y[node])
    if (anchor.x < 0 || anchor.x > canvasWidth || anchor.y < 0 || anchor.y > canvasHeight) continue
    const width = context.measureText(text).width + 2 * LABEL_PADDING
    labels.push({ ...roomiest(view, anchor, width, node, labels, obstacles), width, height: LABEL_HEIGHT, text, anchor })
  }
  return labels
}

// Where the names of open frames stand, by an average width of their letters.
function titleBoxes(view) {
  const { placed, scale } = view
  return placed.geometry.frames.flatMap((shape, at) => {
    const { x0, y0 } = placed.frames[at]
    return shape.isOpen ? [{ ...toScreen(view, x0, y0), width: (24 + 7 * shape.name.length) * scale, height: 22 * scale }] : []
  })
}

function roomiest(view, anchor, width, node, labels, obstacles) {
  const half = (view.placed.geometry.height[node] / 2) * view.scale + LABEL_HEIGHT / 2 + 3
  let best = null
  for (const [right, down] of LABEL_TRIES) {
    const x = clamp(anchor.x + right * width - width / 2, 3, view.canvasWidth - width - 3)
    const y = clamp(anchor.y + Math.sign(down) * (half + (Math.abs(down) - 1) * LABEL_HEIGHT) - LABEL_HEIGHT / 2, 3, view.canvasHeight - LABEL_HEIGHT - 3)
    const box = { x, y, width, height: LABEL_HEIGHT }
    const cost = 50 * hidden(box, labels) + hidden(box, obstacles) + 2 * Math.hypot(x + width / 2 - anchor.x, y + LABEL_HEIGHT / 2 - anchor.y)
    if (!best || cost < best.cost) best = { x, y, cost }
  }
  return best
}

function hidden(box, others) {
  let area = 0
  for (const other of others) {
    const wide = Math.min(box.x + box.width, other.x + other.width) - Math.max(box.x, other.x)
    const high = Math.min(box.y + box.height, other.y + other.height) - Math.max(box.y, other.y)
    if (wide > -2 && high > -2) area += (wide + 2) * (high + 2)
  }
  return area
}

function paintLabels(view, context) {
  const { theme } = view
  context.setTransform(view.pixelRatio, 0, 0, view.pixelRatio, 0, 0)
  context.font = `700 ${LABEL_FONT_PX}px ${theme.font}`
  context.textAlign = "center"
  context.textBaseline = "middle"
  context.lineWidth = 1.5
  for (const label of view.labels) {
    const middle = { x: label.x + label.width / 2, y: label.y + label.height / 2 }
    if (Math.hypot(middle.x - label.anchor.x, middle.y - label.anchor.y) > label.width / 2 + 34) {
      context.strokeStyle = theme.cut
      context.beginPath()
      context.moveTo(label.anchor.x, label.anchor.y)
      context.lineTo(middle.x, middle.y)
      context.stroke()
    }
  }
  for (const label of view.labels) {
    context.beginPath()
    context.roundRect(label.x, label.y, label.width, label.height, 6)
    context.fillStyle = theme.background
    context.fill()
    context.strokeStyle = theme.cut
    context.stroke()
    context.fillStyle = theme.cut
    context.fillText(label.text, label.x + label.width / 2, label.y + label.height / 2 + 0.5)
  }
}

function clamp(value, low, high) {
  return Math.max(low, Math.min(high, value))
}
