// Where the name of a region stands: wholly inside it, near its middle, away from the marker.

const NAME_HEIGHT = 17
const STEP = { x: 12, y: 9 }

function placedNames(view, context) {
  const middles = regionMiddles(view)
  return view.data.regions.flatMap((region, cut) => {
    if (!middles[cut]) return []
    for (const text of shorterAndShorter(view, region.label)) {
      const place = roomFor(view, cut, context.measureText(text).width + 12, middles[cut])
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
  return view.data.regions.map((_, cut) => {
    const runs = view.runs.get(cut) ?? []
    let area = 0
    let along = 0
    let across = 0
    for (const { row, from, to } of runs) {
      area += to - from
      along += ((from + to) / 2) * (to - from)
      across += view.rowShares[row] * (to - from)
    }
    return area ? rowPx(view, along / area, across / area) : null
  })
}

function roomFor(view, cut, width, [middleX, middleY]) {
  const { grid } = view
  let found = null
  let nearest = Infinity
  for (let y = grid.top + NAME_HEIGHT; y < grid.floor - NAME_HEIGHT / 2; y += STEP.y) {
    for (let x = grid.left + width / 2; x <= grid.right - width / 2; x += STEP.x) {
      const far = (x - middleX) ** 2 + 4 * (y - middleY) ** 2
      if (far >= nearest || nearMarker(view, x, y, width) || !isInside(view, cut, x, y, width)) continue
      nearest = far
      found = [x, y]
    }
  }
  return found
}

function isInside(view, cut, x, y, width) {
  return [0, -0.5, 0.5].every(up =>
    [-0.5, 0.5, 0, -0.25, 0.25].every(share => {
      const shares = sharesAt(view, x + share * width, y + up * NAME_HEIGHT)
      return shares && cutAt(view, shares) === cut
    }),
  )
}

function nearMarker({ marks }, x, y, width) {
  return marks.some(mark => {
    const besides = x + width / 2 < mark.left || x - width / 2 > mark.right
    return !besides && y + NAME_HEIGHT > mark.top && y - NAME_HEIGHT < mark.bottom
  })
}
