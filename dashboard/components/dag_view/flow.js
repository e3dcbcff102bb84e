// Flows the frames into rows like words and breaks the columns of a frame that is wider than the page.

const BLOCK_GAP = 40
const ROW_GAP = 42
const SIDE_MARGIN = 26
const NARROW_MARGIN = 16
const NARROW_PX = 520
const TOP_MARGIN = 24
const TURN = 6
const TURN_MARGIN = 9
const LARGEST_SCALE = 1.1
const READABLE_SCALE = 0.64
const NARROW_READABLE_SCALE = 0.72
const READABLE_NODES = 260
const SMALLEST_SCALE = 0.03

// The rows at the largest scale whose height fits; a readable scale that overflows where none does.
function flow(geometry, widthPx, heightLimitPx) {
  const readable = widthPx < NARROW_PX ? NARROW_READABLE_SCALE : READABLE_SCALE
  const isSmall = geometry.column.length <= READABLE_NODES
  const room = widthPx - 2 * sideMargin(widthPx)
  let placed = null
  for (let scale = LARGEST_SCALE; scale > SMALLEST_SCALE; scale *= 0.94) {
    placed = rowsAt(geometry, room / scale)
    placed.scale = Math.min(scale, room / placed.width)
    placed.heightPx = placed.height * placed.scale + 2 * TOP_MARGIN
    const fits = placed.heightPx <= heightLimitPx
    if (fits || (isSmall && scale * 0.94 < readable)) break
  }
  placed.heightPx = Math.round(Math.min(heightLimitPx, Math.max(96, placed.heightPx)))
  placed.geometry = geometry
  placeNodes(placed)
  return placed
}

function sideMargin(widthPx) {
  return widthPx < NARROW_PX ? NARROW_MARGIN : SIDE_MARGIN
}

function rowsAt(geometry, available) {
  const frames = geometry.frames.map(frame => brokenFrame(geometry, frame, available))
  const rows = []
  let right = Infinity
  frames.forEach((frame, at) => {
    if (right + BLOCK_GAP + frame.width > available) {
      rows.push([])
      right = -BLOCK_GAP
    }
    frame.row = rows.length - 1
    frame.x0 = right + BLOCK_GAP
    frame.x1 = right = frame.x0 + frame.width
    rows.at(-1).push(at)
  })
  let top = 0
  const gutters = rows.map(row => {
    const tallest = Math.max(...row.map(at => frames[at].height))
    for (const at of row) {
      frames[at].y0 = top + (tallest - frames[at].height) / 2
      frames[at].y1 = frames[at].y0 + frames[at].height
    }
    top += tallest + ROW_GAP
    return top - ROW_GAP
  })
  const width = Math.max(...frames.map(frame => frame.x1))
  return { frames, rows, gutters, width, height: top - ROW_GAP }
}

// A frame with its columns in as many lines as the width asks for; kept, since few widths differ.
function brokenFrame(geometry, frame, available) {
  const { opWidth, columnGap, padding, cardWidth, cardHeight } = geometry.metrics
  if (!frame.isOpen) return { width: cardWidth, height: cardHeight, perLine: 1, lines: [], side: 0 }
  const pitch = opWidth + columnGap
  const widthOf = ({ perLine, side }) => perLine * pitch - columnGap + 2 * (padding + side)
  let broken = { perLine: frame.columns, side: 0 }
  for (let lines = 2; widthOf(broken) > available && broken.perLine > 2; lines++) {
    const perLine = Math.max(2, Math.ceil(frame.columns / lines))
    broken = { perLine, side: Math.max(0, turnRoom(frame, perLine) - padding) }
  }
  frame.broken ??= new Map()
  if (!frame.broken.has(broken.perLine)) frame.broken.set(broken.perLine, { ...broken, width: widthOf(broken), ...brokenLines(geometry, frame, broken.perLine) })
  return { ...frame.broken.get(broken.perLine) }
}

// The room beside a line in which its edges turn to the next one.
function turnRoom(frame, perLine) {
  let busiest = 0
  for (let column = perLine; column < frame.columns; column += perLine) busiest = Math.max(busiest, frame.hops[column]?.size ?? 0)
  return TURN_MARGIN + TURN * busiest
}

function brokenLines(geometry, frame, perLine) {
  const { padding, titleHeight } = geometry.metrics
  const lines = []
  let top = titleHeight + padding
  for (let first = 0; first < frame.columns; first += perLine) {
    const low = Math.min(...frame.low.slice(first, first + perLine))
    const high = Math.max(...frame.high.slice(first, first + perLine))
    const turns = frame.hops[first + perLine]?.size ?? 0
    lines.push({ shift: top - low, bottom: top + high - low })
    top += high - low + (first + perLine < frame.columns ? 2 * TURN_MARGIN + TURN * turns : 0)
  }
  return { lines, height: top + padding }
}

function placeNodes(placed) {
  const { geometry } = placed
  const count = geometry.column.length
  placed.x = new Float32Array(count)
  placed.y = new Float32Array(count)
  for (let node = 0; node < count; node++) {
    const spot = spotOf(placed, { frame: geometry.block[node], column: geometry.column[node], y: geometry.innerY[node], node })
    placed.x[node] = (spot.x0 + spot.x1) / 2
    placed.y[node] = spot.y
  }
}

// Where a station lies on the page: it spans x0 to x1 at height y; borders have no width.
function spotOf(placed, station) {
  const { geometry } = placed
  const { opWidth, columnGap, padding } = geometry.metrics
  const frame = placed.frames[station.frame]
  const columns = geometry.frames[station.frame].columns
  if (!geometry.frames[station.frame].isOpen) return { x0: frame.x0, x1: frame.x1, y: frame.y0 + station.y, line: 0 }
  const column = Math.min(Math.max(station.column, 0), columns - 1)
  const line = Math.floor(column / frame.perLine)
  const y = frame.y0 + frame.lines[line].shift + station.y
  if (station.column < 0) return { x0: frame.x0, x1: frame.x0, y, line }
  if (station.column >= columns) return { x0: frame.x1, x1: frame.x1, y, line }
  const x0 = frame.x0 + frame.side + padding + (column - line * frame.perLine) * (opWidth + columnGap)
  return { x0, x1: x0 + opWidth, y, line }
}
