// Where everything lies: pixels of units and positions, heights of the lanes, columns of bars.
const NARROW = 560, GUTTER = 36, EDGE = 8, THINNEST = 2

function layoutOf(root, data) {
  const width = root.clientWidth, height = root.clientHeight - (root.ruler.note.offsetHeight || 0)
  const { positions, head, tail } = data.axis
  const isNarrow = width < NARROW
  const family = getComputedStyle(root).fontFamily
  const left = gutterOf(data, family)
  const unit = (width - left - EDGE) / (head + positions + tail)
  const view = {
    data, width, height, isNarrow, left, unit, positions, head, family,
    right: width - EDGE,
    x: at => left + at * unit,
    barStart: at => left + (head + at) * unit,
    widthOf: (text, size = 12, weight = 400) => textWidth(text, size, weight, family),
  }
  view.legend = legendRows(view)
  view.cardsTop = 6 + view.legend.rows * 18
  view.cardsHeight = isNarrow || height < 360 ? 38 : 48
  view.pillTop = view.cardsTop + view.cardsHeight + 5
  view.bytesTop = view.pillTop + 24
  view.bytesFloor = view.bytesTop + (height < 360 ? 44 : 58)
  view.delayTop = view.bytesFloor + 12
  view.floor = height - 8
  view.columns = columnsOf(view)
  return { ...view, ...delayScale(data, view) }
}

// Room for the numbers of the delay axis.
function gutterOf(data, family) {
  const { topS, unitS } = axisTop(data)
  return Math.max(GUTTER, 14 + textWidth(tickText(topS / unitS), 11, 400, family))
}

const tickText = value => Number(value.toPrecision(3)).toLocaleString("en-US")

// Bars: one a position, or where they would be hairs one for several neighbours, the quickest of them.
function columnsOf({ data, unit, positions }) {
  const step = Math.max(1, Math.ceil(THINNEST / unit))
  const columns = []
  for (let from = 0; from < positions; from += step) {
    const to = Math.min(from + step, positions)
    columns.push({ from, to, at: step === 1 ? from : foremost(data, from, to) })
  }
  return columns
}

function foremost(data, from, to) {
  let found = from
  for (let at = from; at < to; at++) {
    if (at === data.chosen) return at
    if (found !== data.best && (at === data.best || before(data, at, found))) found = at
  }
  return found
}

const before = (data, at, other) =>
  data.state[at] < data.state[other] || (data.state[at] === data.state[other] && data.totalS[at] < data.totalS[other])

// The axis stops where bars would only dwarf the rest.
function axisTop(data) {
  const best = data.totalS[data.best], most = data.totalS.reduce((one, other) => Math.max(one, other), 0)
  const cap = 2.2 * Math.max(best, data.totalS[data.chosen], Math.min(data.totalS.at(-1), 3 * best))
  const [unitS, unitName] = durationScale(best)
  return { topS: Math.min(most, cap) || unitS, unitS, unitName }
}

function delayScale(data, view) {
  const { topS, unitS, unitName } = axisTop(data), top = topS / unitS
  const room = view.floor - view.delayTop - 38
  const step = tickStep(top, Math.max(2, Math.floor(room / 34)))
  const y = seconds => view.floor - room * Math.min(seconds / unitS / top, 1)
  return { unitS, unitName, top, step, y, topS, capTop: view.floor - room }
}

function tickStep(most, count) {
  const rough = most / count, power = 10 ** Math.floor(Math.log10(rough))
  return power * ([1, 2, 2.5, 5, 10].find(factor => factor * power >= rough * 0.999) ?? 10)
}

// The position under a pixel, that of the drawn bar where a bar stands for several.
function positionAt(view, pixel) {
  const at = Math.floor((pixel - view.left) / view.unit) - view.head
  if (pixel < view.left || pixel > view.right || at >= view.positions) return null
  const step = view.columns[0].to
  return view.columns[Math.floor(Math.max(0, at) / step)].at
}

const SHORT = {
  "Device computing": "Device", "Server computing": "Server", "Edge computing": "Edge",
  "Cloud computing": "Cloud", "Model exchange": "Model", "Waiting for the server": "Waiting",
}

// Legend items row by row: what the bars are made of.
function legendRows(view) {
  let x = 2, row = 0
  const items = view.data.parts.map(part => {
    const text = view.isNarrow ? SHORT[part.name] ?? part.name : part.name
    const wide = 16 + view.widthOf(text)
    if (x + wide > view.right && x > 2) { x = 2; row += 1 }
    const item = { text, color: part.color, x, row, right: x + wide }
    x += wide + (view.isNarrow ? 10 : 16)
    return item
  })
  return { items, rows: row + 1 }
}
