// Regions as filled outlines of their runs, and the lines between them.

// Runs of every cut: rows in which it is best, from where to where.
function runsOf(view) {
  const { steps } = view.data
  const found = new Map()
  for (let row = 0; row < view.rowShares.length; row++) {
    for (let step = 0; step < steps; step++) {
      const at = row * steps + step
      const from = view.starts[at]
      if (Number.isNaN(from)) break
      const next = step + 1 < steps ? view.starts[at + 1] : NaN
      const to = Number.isNaN(next) ? 1 : next
      const cut = view.cuts[at]
      if (!found.has(cut)) found.set(cut, [])
      found.get(cut).push({ row, from: Math.max(0, from), to: Math.min(1, to) })
    }
  }
  return found
}

// Runs of neighbouring rows that touch each other, as one piece.
function piecesOf(runs) {
  const open = []
  const done = []
  for (const run of runs) {
    const last = open.findIndex(piece => touches(piece.at(-1), run))
    if (last < 0) open.push([run])
    else open[last].push(run)
    for (let at = open.length - 1; at >= 0; at--) {
      if (open[at].at(-1).row < run.row - 1) done.push(...open.splice(at, 1))
    }
  }
  return [...done, ...open]
}

const touches = (one, two) => two.row === one.row + 1 && two.from <= one.to && two.to >= one.from

// Rows stand for all up to the middle between them; the first and the last reach to the frame.
function rowEdge({ rowShares }, row, side) {
  const other = row + side
  if (other < 0) return 0
  if (other >= rowShares.length) return 1
  return (rowShares[row] + rowShares[other]) / 2
}

const fillOf = ({ data }, cut) => data.regions[cut]?.fill ?? data.colors.surface

// Row by row first, so that no gap is left where outlines of neighbours end at different heights.
function paintRows(view, context) {
  for (const [cut, runs] of view.runs) {
    context.fillStyle = fillOf(view, cut)
    for (const { row, from, to } of runs) {
      const [left, low] = rowPx(view, from, rowEdge(view, row, -1))
      const [right, high] = rowPx(view, to, rowEdge(view, row, 1))
      context.fillRect(Math.min(left, right), Math.min(low, high), Math.abs(right - left), Math.abs(high - low) + 0.5)
    }
  }
}

function paintRegions(view, context) {
  view.runs = runsOf(view)
  paintRows(view, context)
  for (const [cut, runs] of view.runs) {
    context.fillStyle = context.strokeStyle = fillOf(view, cut)
    context.lineWidth = 1
    for (const piece of piecesOf(runs)) {
      context.beginPath()
      for (const [along, row] of outlineOf(view, piece)) context.lineTo(...rowPx(view, along, row))
      context.closePath()
      context.fill()
      context.stroke()
    }
  }
}

function outlineOf(view, piece) {
  const first = piece[0]
  const last = piece.at(-1)
  const begins = rowEdge(view, first.row, -1)
  const ends = rowEdge(view, last.row, 1)
  const up = piece.map(run => [run.from, view.rowShares[run.row]])
  const down = piece.map(run => [run.to, view.rowShares[run.row]]).reverse()
  return [[first.from, begins], ...up, [last.from, ends], [last.to, ends], ...down, [first.to, begins]]
}

// A border leads on from its last row as it came, to the row beyond; the frame ends it.
function carried(view, run, before, side) {
  const beyond = rowEdge(view, run.row, side)
  const known = before?.from > 0 && Math.abs(before.row - run.row) === 1
  const next = view.rowShares[run.row + side] ?? beyond
  if (!known) return rowPx(view, run.from, beyond)
  const slope = (run.from - before.from) / (view.rowShares[run.row] - view.rowShares[before.row])
  return rowPx(view, run.from + slope * (next - view.rowShares[run.row]), next)
}

function paintBorders(view, context) {
  context.strokeStyle = view.data.colors.background
  context.lineWidth = 2
  context.lineJoin = "round"
  for (const runs of view.runs.values()) {
    for (const piece of piecesOf(runs)) {
      context.beginPath()
      let drawn = -2
      for (const [at, { row, from }] of piece.entries()) {
        if (from <= 0) continue
        const point = rowPx(view, from, view.rowShares[row])
        if (row !== drawn + 1) context.moveTo(...carried(view, piece[at], piece[at + 1], -1))
        context.lineTo(...point)
        drawn = row
        if (!(piece[at + 1]?.from > 0)) context.lineTo(...carried(view, piece[at], piece[at - 1], 1))
      }
      context.stroke()
      for (const [run, side] of [[piece[0], -1], [piece.at(-1), 1]]) {
        if (view.rowShares[run.row + side] === undefined) continue
        const edge = rowEdge(view, run.row, side)
        stroked(context, rowPx(view, run.from, edge), rowPx(view, run.to, edge))
      }
    }
  }
}
