// Draws the ways of edges: through lanes, around broken lines, along the gutters between rows.
// What several edges share is drawn once, so that dashes stay dashes.

const CORNER = 7
const STEP_OUT = 12
const MARGIN_LANE = -20
const SAME_ROW_LEVEL = 12
const NEXT_ROW_LEVEL = 24

function traced(placed, edges) {
  const tracer = { placed, path: new Path2D(), seen: new Set(), flats: new Map(), uprights: new Map() }
  for (const edge of edges) traceEdge(tracer, edge)
  for (const [y, spans] of tracer.flats) for (const [from, to] of merged(spans)) line(tracer.path, from, y, to, y)
  for (const [x, spans] of tracer.uprights) for (const [from, to] of merged(spans)) line(tracer.path, x, from, x, to)
  return tracer.path
}

function traceEdge(tracer, edge) {
  const stations = tracer.placed.geometry.stations[edge]
  const spots = stations.map(station => spotOf(tracer.placed, station))
  for (let at = 1; at < stations.length; at++) {
    const [before, after] = [stations[at - 1], stations[at]], [from, to] = [spots[at - 1], spots[at]]
    if (before.frame !== after.frame) traceBetween(tracer, before.frame, after.frame, from, to)
    else if (isNew(tracer, `${before.frame} ${before.column} ${before.y} ${after.y}`)) {
      if (from.line === to.line) traceGap(tracer.path, from.x1, from.y, to.x0, to.y)
      else traceTurn(tracer, before, after, from, to)
    }
    if (at < stations.length - 1 && to.x1 > to.x0 && isNew(tracer, `${after.frame} ${after.column} ${after.y}`)) line(tracer.path, to.x0, to.y, to.x1, to.y)
  }
}

function isNew(tracer, key) {
  const size = tracer.seen.size
  return tracer.seen.add(key).size > size
}

function line(path, x0, y0, x1, y1) {
  path.moveTo(x0, y0)
  path.lineTo(x1, y1)
}

function traceGap(path, x0, y0, x1, y1) {
  const middle = (x0 + x1) / 2
  path.moveTo(x0, y0)
  if (Math.abs(y0 - y1) < 0.5) path.lineTo(x1, y1)
  else path.bezierCurveTo(middle, y0, middle, y1, x1, y1)
}

// From the end of one line of a broken frame to the start of the next; turns nest and do not cross.
function traceTurn(tracer, before, after, from, to) {
  const frame = tracer.placed.frames[before.frame]
  const hops = tracer.placed.geometry.frames[before.frame].hops[after.column]
  const place = hops?.get(hopKey(before, after)) ?? 0
  const outer = TURN_MARGIN + TURN * ((hops?.size ?? 1) - 1 - place)
  const level = frame.y0 + frame.lines[from.line].bottom + outer
  const right = from.x1 + outer, left = to.x0 - TURN_MARGIN - TURN * place
  traceCorners(tracer.path, [from.x1, from.y], [right, from.y], [right, level], [left, level], [left, to.y], [to.x0, to.y])
}

// Straight on to the next frame of a row, else down to the gutter, along it, and up or down to the reader.
function traceBetween(tracer, fromFrame, toFrame, from, to) {
  const { frames, gutters } = tracer.placed
  const rowFrom = frames[fromFrame].row, rowTo = frames[toFrame].row
  if (rowFrom === rowTo && toFrame === fromFrame + 1) {
    if (isNew(tracer, `${fromFrame} > ${from.y} ${to.y}`)) traceGap(tracer.path, from.x1, from.y, to.x0, to.y)
    return
  }
  const out = from.x1 + STEP_OUT, into = to.x0 - STEP_OUT
  const level = gutters[rowFrom] + (rowFrom === rowTo ? SAME_ROW_LEVEL : NEXT_ROW_LEVEL)
  const lastLevel = rowTo > rowFrom + 1 ? gutters[rowTo - 1] + NEXT_ROW_LEVEL : level
  const firstTurn = lastLevel === level ? into : MARGIN_LANE
  const start = out + CORNER * Math.sign(firstTurn - out)
  const end = into + CORNER * Math.sign((lastLevel === level ? out : MARGIN_LANE) - into)
  if (isNew(tracer, `${fromFrame} out ${from.y} ${level} ${start}`)) traceCorners(tracer.path, [from.x1, from.y], [out, from.y], [out, level], [start, level])
  if (isNew(tracer, `${toFrame} in ${to.y} ${lastLevel} ${end}`)) traceCorners(tracer.path, [end, lastLevel], [into, lastLevel], [into, to.y], [to.x0, to.y])
  if (lastLevel === level) return addSpan(tracer.flats, level, start, end)
  addSpan(tracer.flats, level, start, MARGIN_LANE)
  addSpan(tracer.flats, lastLevel, MARGIN_LANE, end)
  return addSpan(tracer.uprights, MARGIN_LANE, level, lastLevel)
}

function addSpan(spans, at, from, to) {
  if (!spans.has(at)) spans.set(at, [])
  spans.get(at).push([Math.min(from, to), Math.max(from, to)])
}

function merged(spans) {
  const joined = []
  for (const [from, to] of spans.sort((a, b) => a[0] - b[0])) {
    if (joined.length && from <= joined.at(-1)[1]) joined.at(-1)[1] = Math.max(joined.at(-1)[1], to)
    else joined.push([from, to])
  }
  return joined
}

function traceCorners(path, ...corners) {
  path.moveTo(...corners[0])
  for (let at = 1; at < corners.length - 1; at++) {
    const [x, y] = corners[at], [px, py] = corners[at - 1], [nx, ny] = corners[at + 1]
    const radius = Math.min(CORNER, (Math.abs(px - x) + Math.abs(py - y)) / 2, (Math.abs(nx - x) + Math.abs(ny - y)) / 2)
    path.arcTo(x, y, nx, ny, radius)
  }
  path.lineTo(...corners.at(-1))
}
