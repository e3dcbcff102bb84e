// Where the name of a region stands: wholly inside it, near its middle, away from the marker.

const NAME_HEIGHT = 17
const MARKER_ROOM = { left: 18, right: 118, y: 22 }

function placedNames(view, context) {
  const middles = regionMiddles(view)
  const here = pointAt(view, view.data.here)
  return view.data.regions.flatMap((region, cut) => {
    if (!middles[cut]) return []
    for (const text of shorterAndShorter(view, region.label)) {
      const place = roomFor(view, cut, context.measureText(text).width + 12, middles[cut], here)
      if (place) return [{ text, ink: region.ink, x: place[0], y: place[1] }]
    }
    return []
  })
}

// The end of a path says more than its start, as long as no other region's name has it too.
function shorterAndShorter(view, label) {
  const [first, ...more] = label.replace(/^after /, "").split(" + ")
  const rest = more.length ? " + …" : ""
  const parts = first.split("/")
  const tails = parts.slice(1).map((_, at) => parts.slice(at + 1).join("/"))
  const others = view.data.regions.map(region => region.label).filter(other => other !== label)
  const told = tails.filter(tail => !others.some(other => other.includes(tail)))
  return [label, [first, ...more].join(" + "), first + rest, ...told.map(tail => `…/${tail}${rest}`)]
}

function regionMiddles(view) {
  const { columns, rows } = view.grid
  const sums = view.data.regions.map(() => [0, 0, 0])
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const sum = sums[cutAt(view, column, row)]
      if (!sum) continue
      sum[0] += 1
      sum[1] += column
      sum[2] += row
    }
  }
  return sums.map(([count, column, row]) =>
    count ? middleOf(view, { column: column / count, row: row / count }) : null,
  )
}

function roomFor(view, cut, width, [middleX, middleY], here) {
  const { grid } = view
  let found = null
  let nearest = Infinity
  for (let y = PAD.top + NAME_HEIGHT; y < grid.floor - NAME_HEIGHT / 2; y += 6) {
    for (let x = PAD.left + width / 2; x <= grid.right - width / 2; x += 8) {
      const far = (x - middleX) ** 2 + 4 * (y - middleY) ** 2
      if (far >= nearest || nearMarker(x, y, width, here) || !isInside(view, cut, x, y, width)) continue
      nearest = far
      found = [x, y]
    }
  }
  return found
}

function isInside(view, cut, x, y, width) {
  const shares = [-0.5, -0.25, 0, 0.25, 0.5]
  return [-0.5, 0, 0.5].every(up =>
    shares.every(share => {
      const cell = cellAt(view, x + share * width, y + up * NAME_HEIGHT)
      return cell && cutAt(view, cell.column, cell.row) === cut
    }),
  )
}

function nearMarker(x, y, width, [hereX, hereY]) {
  const besides = x + width / 2 < hereX - MARKER_ROOM.left || x - width / 2 > hereX + MARKER_ROOM.right
  return !besides && Math.abs(y - hereY) < MARKER_ROOM.y
}
