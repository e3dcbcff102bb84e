// Between pixels, shares of the axes, and values; rows of runs lie across or up.

const PAD = { left: 32, right: 16, top: 12, bottom: 48 }
const FIGURES = 3

function gridOf(view, tick) {
  const width = view.stage.clientWidth
  const height = view.stage.clientHeight
  return { width, height, left: PAD.left + Math.ceil(tick), right: width - PAD.right, top: PAD.top, floor: height - PAD.bottom }
}

const acrossPx = ({ grid }, share) => grid.left + share * (grid.right - grid.left)
const upPx = ({ grid }, share) => grid.floor - share * (grid.floor - grid.top)
const pointPx = (view, [across, up]) => [acrossPx(view, across), upPx(view, up)]

// A point of a row: how far along the row, and where the row is.
const rowPx = (view, along, row) => pointPx(view, view.data.alongAcross ? [along, row] : [row, along])

function sharesAt({ grid }, x, y) {
  const across = (x - grid.left) / (grid.right - grid.left)
  const up = (grid.floor - y) / (grid.floor - grid.top)
  return across >= 0 && across <= 1 && up >= 0 && up <= 1 ? [across, up] : null
}

// Values are as they would be typed: what is told of a point is told of the value that a click sets.
function valueAtShare({ low, high, log, whole }, share) {
  const value = log ? low * (high / low) ** share : low + share * (high - low)
  if (whole) return Math.round(value)
  return Math.min(high, Math.max(low, Number(value.toPrecision(FIGURES))))
}

function shareOfValue({ low, high, log }, value) {
  return log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low)
}

function settledPoint(view, shares) {
  const axes = [view.data.across, view.data.up]
  const values = axes.map((axis, at) => valueAtShare(axis, shares[at]))
  return { values, shares: axes.map((axis, at) => shareOfValue(axis, values[at])) }
}

function rowNear({ rowShares }, share) {
  let low = 0
  let high = rowShares.length - 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (rowShares[middle] <= share) low = middle
    else high = middle
  }
  return high > low && share - rowShares[low] > rowShares[high] - share ? high : low
}

// Which cut is best at shares of both axes; -1 where none keeps the limits.
function cutAt(view, [across, up]) {
  const [along, row] = view.data.alongAcross ? [across, up] : [up, across]
  const { steps } = view.data
  const first = rowNear(view, row) * steps
  let cut = view.cuts[first]
  for (let step = 1; step < steps && view.starts[first + step] <= along; step++) cut = view.cuts[first + step]
  return cut
}

function unpackedMap(text, Type) {
  return new Type(Uint8Array.from(atob(text), letter => letter.charCodeAt(0)).buffer)
}
