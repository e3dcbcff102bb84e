// Story 2's picture: a line a cut over seconds a bit, the lowest marked, and the lower edge with its corners.

const MARGIN = { left: 44, right: 16, top: 26, bottom: 46 }
const secondsOf = (line, rate) => line.rest + line.bits / rate
const threeFigures = value => String(Number(value.toPrecision(3)))

function lowestAt(data, rate) {
  let best = 0
  data.lines.forEach((line, at) => {
    if (secondsOf(line, rate) < secondsOf(data.lines[best], rate)) best = at
  })
  return best
}

function scalesOf(stage) {
  const { data } = stage
  const width = Math.max(320, stage.width)
  const height = width < 600 ? 320 : 380
  const [first, last] = [1 / data.high, 1 / data.low]
  const top = data.ticks.at(-1)
  return {
    width,
    height,
    x: spot => MARGIN.left + ((spot - first) / (last - first)) * (width - MARGIN.left - MARGIN.right),
    y: value => height - MARGIN.bottom - (value / top) * (height - MARGIN.bottom - MARGIN.top),
  }
}

function linesPicture(stage) {
  const { data, at } = stage
  const scale = scalesOf(stage)
  const best = lowestAt(data, at.rate)
  const line = data.lines[best]
  const svg = drawn("svg", {
    viewBox: `0 0 ${scale.width} ${scale.height}`,
    role: "img",
    "aria-label": `${data.title}, one line for each of ${data.lines.length} cuts, over the seconds that a bit takes.`,
  })
  svg.append(...axisParts(data, scale))
  data.lines.forEach((one, number) => svg.append(...linePart(data, scale, one, number === best)))
  if (at.guess !== null) svg.append(...edgeOfAll(data, scale))
  svg.append(...pointParts(data, scale, at.rate, line))
  return svg
}

function axisParts(data, { width, height, x, y }) {
  const { colors } = data
  const parts = data.ticks.flatMap(value => [
    drawn("line", { x1: MARGIN.left, x2: width - MARGIN.right, y1: y(value), y2: y(value), stroke: colors.border }),
    drawn("text", { x: MARGIN.left - 7, y: y(value) + 4, "text-anchor": "end", class: "send" }, String(value)),
  ])
  const shown = width < 600 ? data.rates.filter((_, at) => at % 2 === 0) : data.rates
  shown.forEach(([rate, text], at) => {
    const anchor = at === 0 ? "start" : at === shown.length - 1 ? "end" : "middle"
    parts.push(drawn("text", { x: x(1 / rate), y: height - MARGIN.bottom + 18, "text-anchor": anchor, class: "send" }, text))
  })
  const below = height - 8
  parts.push(
    drawn("text", { x: 4, y: 14, class: "send" }, data.title),
    drawn("text", { x: MARGIN.left, y: below, class: "send" }, "← fast link"),
    drawn("text", { x: width - MARGIN.right, y: below, "text-anchor": "end", class: "send" }, "slow link →"),
  )
  return parts
}

function linePart(data, { x, y }, line, isBest) {
  const top = data.ticks.at(-1)
  const ends = [1 / data.high, 1 / data.low]
  const leaves = line.bits > 0 ? (top - line.rest) / line.bits : line.rest > top ? 0 : Infinity
  const end = Math.min(ends[1], leaves)
  if (end <= ends[0]) return []
  const at = spot => line.rest + line.bits * spot
  const look = isBest
    ? { stroke: data.colors.device, "stroke-width": 3.5 }
    : { stroke: data.colors.text, "stroke-width": 1.1, opacity: 0.32 }
  return [drawn("line", { x1: x(ends[0]), y1: y(at(ends[0])), x2: x(end), y2: y(at(end)), class: "cut", ...look })]
}

function edgeOfAll(data, { x, y, width }) {
  const { colors } = data
  const points = data.edge.map(([spot, value]) => `${x(spot)},${y(value)}`).join(" ")
  const edge = drawn("polyline", { points, fill: "none", stroke: colors.cut, "stroke-width": 5, "stroke-linejoin": "round" })
  let before = [-Infinity, 0]
  const corners = data.corners.flatMap(([spot, value, text]) => {
    const left = Math.min(x(spot) + 4, width - 70)
    const isNear = left - before[0] < 78 && y(value) + 24 < before[1] + 16
    before = [left, isNear ? before[1] + 17 : y(value) + 24]
    const ring = { cx: x(spot), cy: y(value), r: 5.5, fill: colors.background, stroke: colors.cut, "stroke-width": 3 }
    return [drawn("circle", ring), outlinedText(...before, text, colors.background)]
  })
  return [edge, ...corners]
}

function outlinedText(x, y, text, color, kind = "send", anchor = "start") {
  const look = { "paint-order": "stroke", stroke: color, "stroke-width": 5, "text-anchor": anchor }
  return drawn("text", { x, y, class: kind, ...look }, text)
}

function pointParts(data, { x, y, width, height }, rate, line) {
  const { colors } = data
  const at = x(1 / rate)
  const value = secondsOf(line, rate)
  const isRight = at > width / 2
  return [
    drawn("line", { x1: at, x2: at, y1: MARGIN.top, y2: height - MARGIN.bottom, stroke: colors.text, "stroke-dasharray": "3 4" }),
    drawn("circle", { cx: at, cy: y(value), r: 7, fill: colors.device, stroke: colors.background, "stroke-width": 2 }),
    outlinedText(
      isRight ? at - 10 : at + 10,
      Math.max(MARGIN.top + 16, y(value) - 52),
      `${line.name}: ${threeFigures(value)} s`,
      colors.background,
      "name",
      isRight ? "end" : "start",
    ),
  ]
}
