// Where the name of a region stands: inside it, else on a chip with a line to it, away from all other marks.

const NAME_HEIGHT = 17
const LINE = 17
const STEP = { x: 12, y: 9 }
const CALLOUT = { half: 11, pad: 8, reach: [26, 44, 66, 92, 124], turns: 16, least: 1.2 }

function placedNames(view, context, font) {
  const { data } = view
  const none = { label: data.none, kept: "", ink: data.colors.ink, fill: data.colors.surface }
  const regions = [...data.regions.entries(), [-1, none]].flatMap(([cut, region]) => {
    const runs = view.runs.get(cut)
    return runs ? [{ region, cut, runs }] : []
  })
  const found = []
  const left = []
  for (const { region, cut, runs } of regions) {
    const name = insideName(view, context, font, cut, region, middleOf(view, runs))
    if (name) found.push(name)
    else left.push({ region, cut, runs })
  }
  view.callouts = []
  context.font = `${CHIP.font} ${font}`
  for (const { region, cut, runs } of data.chips ? left : []) placeCallout(view, context, found, region, cut, runs)
  return found
}

function insideName(view, context, font, cut, region, middle) {
  for (const text of shorterAndShorter(view, region.label)) {
    context.font = `600 13px ${font}`
    const width = context.measureText(text).width + 12
    context.font = `400 12px ${font}`
    const more = region.kept ? context.measureText(region.kept).width + 12 : 0
    if (more) {
      const place = roomFor(view, cut, Math.max(width, more), 2 * LINE, middle)
      if (place) return { text, kept: region.kept, ink: region.ink, x: place[0], y: place[1] }
    }
    const place = roomFor(view, cut, width, NAME_HEIGHT, middle)
    if (place) return { text, kept: "", ink: region.ink, x: place[0], y: place[1] }
  }
  return null
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

function middleOf(view, runs) {
  let area = 0
  let along = 0
  let across = 0
  for (const { row, from, to } of runs) {
    const width = Math.max(to - from, 1e-9)
    area += width
    along += ((from + to) / 2) * width
    across += view.rowShares[row] * width
  }
  return rowPx(view, along / area, across / area)
}

function roomFor(view, cut, width, height, [middleX, middleY]) {
  const { grid } = view
  let found = null
  let nearest = Infinity
  for (let y = grid.top + height / 2 + 3; y <= grid.floor - height / 2 - 3; y += STEP.y) {
    for (let x = grid.left + width / 2; x <= grid.right - width / 2; x += STEP.x) {
      const far = (x - middleX) ** 2 + 4 * (y - middleY) ** 2
      if (far >= nearest || isTaken(view.taken, x, y, width, height) || !isInside(view, cut, x, y, width, height)) continue
      nearest = far
      found = [x, y]
    }
  }
  return found
}

function isInside(view, cut, x, y, width, height) {
  return [0, -0.5, 0.5].every(up =>
    [-0.5, 0.5, 0, -0.25, 0.25].every(share => {
      const shares = sharesAt(view, x + share * width, y + up * height)
      return shares && cutAt(view, shares) === cut
    }),
  )
}

const isTaken = (marks, x, y, width, height) => marks.some(mark => {
  const besides = x + width / 2 < mark.left || x - width / 2 > mark.right
  return !besides && y + height / 2 + 4 > mark.top && y - height / 2 - 4 < mark.bottom
})

// Beside a region too thin for its name, where its place is free; a region that is hardly seen has none.
function placeCallout(view, context, names, region, cut, runs) {
  const anchor = widestPoint(view, runs)
  if (!anchor) return
  const { grid } = view
  const marks = [...view.marks, ...view.callouts, ...names.map(name => nameBox(context, name))]
  const text = shorterAndShorter(view, region.label).at(2)
  const width = context.measureText(text).width + 2 * CALLOUT.pad
  for (const reach of CALLOUT.reach) {
    for (let turn = 0; turn < CALLOUT.turns; turn++) {
      const angle = (2 * Math.PI * turn) / CALLOUT.turns
      const x = anchor[0] + Math.cos(angle) * (reach + width / 2)
      const y = anchor[1] - Math.sin(angle) * reach
      const isOff = x - width / 2 < grid.left + 2 || x + width / 2 > grid.right - 2 || y - CALLOUT.half < grid.top + 2 || y + CALLOUT.half > grid.floor - 2
      if (isOff || isTaken(marks, x, y, width, 2 * CALLOUT.half)) continue
      view.callouts.push({ text, fill: region.fill, anchor, left: x - width / 2, right: x + width / 2, top: y - CALLOUT.half, bottom: y + CALLOUT.half })
      return
    }
  }
}

function nameBox(context, { text, kept, x, y }) {
  const half = Math.max(context.measureText(text).width, kept ? context.measureText(kept).width : 0) / 2 + 4
  const high = kept ? LINE : NAME_HEIGHT / 2
  return { left: x - half, right: x + half, top: y - high, bottom: y + high }
}

function widestPoint(view, runs) {
  let found = null
  let widest = CALLOUT.least
  for (const { row, from, to } of runs) {
    const [one, other] = [from, to].map(along => rowPx(view, along, view.rowShares[row]))
    const wide = Math.abs(other[0] - one[0]) + Math.abs(other[1] - one[1])
    const mid = [(one[0] + other[0]) / 2, (one[1] + other[1]) / 2]
    if (wide > widest && !isTaken(view.marks, ...mid, 4, 4)) [found, widest] = [mid, wide]
  }
  return found
}
