// The two lower lanes: bytes that each cut would send up, and its stacked delay. One path a part.
const rectPath = (x, y, width, height) => `M${x.toFixed(2)} ${y.toFixed(2)}h${width.toFixed(2)}v${height.toFixed(2)}h${(-width).toFixed(2)}z`

const WIDEST = 110

function columnBox(view, column, share) {
  const wide = (column.to - column.from) * view.unit
  const margin = wide > 5 ? Math.max((wide * (1 - share)) / 2, (wide - WIDEST) / 2) : 0
  return [view.barStart(column.from) + margin, wide - 2 * margin]
}

function drawBytes(svg, view) {
  const { data } = view, floor = view.bytesFloor, room = floor - view.bytesTop - 17
  svg.append(svgEl("line", { x1: view.left, x2: view.right, y1: floor, y2: floor, stroke: data.colors.border }))
  let most = 1
  for (const { at } of view.columns) most = Math.max(most, data.bytes[at])
  const paths = { shown: "", others: "" }
  for (const column of view.columns) {
    const value = data.bytes[column.at]
    if (value <= 0) continue
    const [x, width] = columnBox(view, column, 0.72), tall = Math.max(1.5, (room * value) / most)
    paths[column.at === data.chosen ? "shown" : "others"] += rectPath(x, floor - tall, width, tall)
  }
  svg.append(svgEl("path", { d: paths.others, fill: data.colors.cut, opacity: 0.4 }), svgEl("path", { d: paths.shown, fill: data.colors.cut }))
}

function drawDelays(svg, view) {
  const { data } = view
  drawTicks(svg, view)
  const paths = stackedPaths(view)
  for (const [shade, opacity] of [["strong", 1], ["normal", 0.62], ["faded", 0.3]]) {
    data.parts.forEach((part, at) => {
      const d = paths[shade][at]
      if (d) svg.append(svgEl("path", { class: `bars ${shade}`, d, fill: part.color, opacity }))
    })
  }
  if (paths.hatched) svg.append(svgEl("path", { class: "breaks", d: paths.hatched, fill: "url(#hatch-limit)" }))
  if (paths.endless) svg.append(svgEl("path", { class: "endless", d: paths.endless, fill: "url(#hatch-endless)" }))
  drawBreaks(svg, view)
  const best = view.y(data.totalS[data.best])
  svg.append(svgEl("line", { class: "best-line", x1: view.left, x2: view.right, y1: best, y2: best, stroke: data.colors.text, "stroke-dasharray": "3 3", opacity: 0.6 }))
}

// The titles of the two lanes, above the cut line.
function drawCaptions(svg, view) {
  const { captions } = view.data, step = view.columns[0].to
  const each = step > 1 ? view.isNarrow ? `; best of ${step}` : `; a bar is the quickest of ${step} neighbours` : ""
  const texts = view.isNarrow ? [captions.bytesShort, captions.delayShort] : [captions.bytes, captions.delay]
  const places = [[texts[0], view.bytesTop + 11], [`${texts[1]} (${view.unitName})${each}`, view.delayTop + 12]]
  for (const [text, y] of places) {
    svg.append(svgEl("text", { class: "caption", x: view.left, y, "font-size": 12 }, fitted(view, text, view.right - view.left)))
  }
}

function drawTicks(svg, view) {
  const { data } = view, lines = []
  for (let value = 0; value <= view.top * 1.0001; value += view.step) {
    const y = view.y(value * view.unitS)
    lines.push(`M${view.left} ${y}H${view.right}`)
    svg.append(svgEl("text", { class: "dim", x: view.left - 6, y: y + 4, "text-anchor": "end", "font-size": 11 }, tickText(value)))
  }
  svg.append(svgEl("path", { d: lines.join(""), stroke: data.colors.border, opacity: 0.6 }))
}

function stackedPaths(view) {
  const { data } = view, empty = () => data.parts.map(() => "")
  const paths = { strong: empty(), normal: empty(), faded: empty(), hatched: "", endless: "" }
  for (const column of view.columns) {
    const { at } = column, [x, width] = columnBox(view, column, 0.8)
    if (data.state[at] === ENDLESS) { paths.endless += rectPath(x, view.capTop, width, view.floor - view.capTop); continue }
    const shade = data.state[at] === BREAKS ? "faded" : at === data.chosen || at === data.best ? "strong" : "normal"
    let under = 0
    data.parts.forEach((part, number) => {
      const value = part.seconds[at]
      if (value <= 0 || under >= view.topS) return
      const top = view.y(under + value), height = view.y(under) - top
      paths[shade][number] += rectPath(x, top, width, height)
      under += value
    })
    if (data.state[at] === BREAKS) { const top = view.y(under); paths.hatched += rectPath(x, top, width, view.floor - top) }
  }
  return paths
}

const isCut = (view, at) => view.data.state[at] !== ENDLESS && view.data.totalS[at] > view.topS * 1.0001

// Two strokes across every bar that goes on above the axis.
function drawBreaks(svg, view) {
  let d = ""
  for (const column of view.columns) {
    if (!isCut(view, column.at)) continue
    const [x, width] = columnBox(view, column, 0.9)
    for (const shift of [8, 13]) d += `M${x.toFixed(1)} ${view.capTop + shift + 2.5}l${width.toFixed(1)} -5`
  }
  if (d) svg.append(svgEl("path", { class: "break", d, stroke: view.data.colors.background, "stroke-width": 2.2, fill: "none" }))
}

function fitted(view, text, room, size = 12) {
  if (view.widthOf(text, size) <= room) return text
  let kept = text.length
  while (kept > 4 && view.widthOf(`${text.slice(0, kept)}…`, size) > room) kept -= 1
  return `${text.slice(0, kept).trimEnd()}…`
}
