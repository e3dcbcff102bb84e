// What the best and the second best cost at a point: from the lines of the scores, else from points.

const LAW = { hyperbolic: value => 1 / value, linear: value => value }

function toldAt(view, shares, values) {
  return view.data.lines ? toldByLines(view, shares, values) : toldByPoints(view, shares)
}

// Scores are straight along a row; between two rows they are taken from both.
function toldByLines(view, [across, up], values) {
  const { lines, regions, alongAcross } = view.data
  const [row, value] = alongAcross ? [up, values[0]] : [across, values[1]]
  const near = rowNear(view, row)
  const other = Math.min(view.rowShares.length - 1, Math.max(0, near + (row > view.rowShares[near] ? 1 : -1)))
  const far = view.rowShares[other] - view.rowShares[near]
  const part = far ? Math.min(1, (row - view.rowShares[near]) / far) : 0
  const place = LAW[lines.law](value) - lines.near
  const scoreIn = (line, cut) => {
    const at = line * regions.length + cut
    if (view.low && (place < view.low[at] || place > view.high[at])) return Infinity
    return view.start[at] + place * view.slope[at]
  }
  const scores = regions.map((_, cut) => {
    const [here, there] = [scoreIn(near, cut), scoreIn(other, cut)]
    return here === there || !Number.isFinite(there) ? here : here + part * (there - here)
  })
  return ranked(scores)
}

function ranked(scores) {
  const order = scores.map((_, cut) => cut).sort((one, two) => scores[one] - scores[two])
  const [best, second] = order
  if (!order.length || !Number.isFinite(scores[best])) return null
  const isThere = second !== undefined && Number.isFinite(scores[second])
  return { best, score: scores[best], second: isThere ? second : -1, regret: isThere ? scores[second] / scores[best] - 1 : NaN }
}

function toldByPoints(view, [across, up]) {
  const { columns, rows } = view.data.points
  const column = Math.round(across * (columns - 1))
  const at = Math.round(up * (rows - 1)) * columns + column
  const best = cutAt(view, [across, up])
  if (best < 0) return null
  return { best, score: view.pointScores[at], second: view.pointSeconds[at], regret: view.pointRegrets[at] }
}
