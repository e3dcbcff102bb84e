// One drawing of all lanes, and the cut lines through them.
function drawRuler(root, view) {
  const svg = svgEl("svg", { width: view.width, height: view.height, "aria-hidden": "true" })
  svg.append(hatches(view.data.colors))
  drawLegend(svg, view)
  drawCards(svg, view)
  drawBytes(svg, view)
  drawDelays(svg, view)
  const lines = drawCuts(svg, view)
  drawCaptions(svg, view)
  drawLabels(svg, view)
  const cursor = svgEl("rect", { class: "cursor", y: view.cardsTop, height: view.floor - view.cardsTop, fill: view.data.colors.text, opacity: 0 })
  svg.append(cursor)
  return { svg, cursor, lines }
}

function hatches(colors) {
  const box = svgEl("defs", {})
  const add = (id, color, wide, opacity) => {
    const pattern = svgEl("pattern", { id, width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" })
    pattern.append(svgEl("rect", { width: wide, height: 7, fill: color, opacity }))
    box.append(pattern)
  }
  add("hatch-private", inkOn(colors.device), 2, 0.45)
  add("hatch-limit", colors.background, 2.6, 0.8)
  add("hatch-endless", colors.text, 1.2, 0.4)
  return box
}

function drawLegend(svg, view) {
  const { data, legend } = view
  for (const { text, color, x, row } of legend.items) {
    svg.append(svgEl("rect", { x, y: 3 + row * 18, width: 11, height: 11, rx: 2.5, fill: color }))
    svg.append(svgEl("text", { x: x + 15, y: 13 + row * 18, "font-size": 12 }, text))
  }
  drawWhoRuns(svg, view, data.tiers)
}

// Who runs the model, at the right of the legend, where there is room beside it.
function drawWhoRuns(svg, view, tiers) {
  const names = tiers.filter((tier, at) => tiers.findIndex(other => other.color === tier.color) === at).map(tier => [tier.color, tier.name])
  const wide = names.reduce((sum, [, name]) => sum + view.widthOf(name) + 32, view.widthOf("Runs on"))
  let x = view.right - wide
  if (tiers.length < 2 || view.legend.rows > 1 || x < view.legend.items.at(-1).right + 24) return
  svg.append(svgEl("text", { class: "dim", x, y: 13, "font-size": 12 }, "Runs on"))
  x += view.widthOf("Runs on") + 8
  for (const [color, name] of names) {
    svg.append(svgEl("rect", { x, y: 2, width: 16, height: 13, rx: 4, fill: view.data.colors[color] }))
    svg.append(svgEl("text", { x: x + 20, y: 13, "font-size": 12 }, name))
    x += view.widthOf(name) + 32
  }
}

function drawCuts(svg, view) {
  const { data } = view
  const cuts = data.tiers.slice(0, -1).map((tier, order) => ({ at: view.x(tier.to), text: cutText(data, tier, order) }))
  const boxes = pillBoxes(view, cuts)
  const lines = cuts.map((cut, order) => {
    const line = svgEl("g", { class: "cut" }), box = boxes[order]
    line.append(svgEl("line", { x1: cut.at, x2: cut.at, y1: view.cardsTop - 3, y2: view.floor, stroke: data.colors.cut, "stroke-width": 2.5 }))
    line.append(svgEl("rect", { x: box.x, y: view.pillTop, width: box.width, height: 19, rx: 9.5, fill: data.colors.cut }))
    line.append(svgEl("text", { class: "pill", x: box.x + box.width / 2, y: view.pillTop + 13.5, "text-anchor": "middle", "font-size": 12, "font-weight": 650, style: `fill:${inkOn(data.colors.cut)}` }, cut.text))
    svg.append(line)
    return { line, at: cut.at }
  })
  drawBeside(svg, view, boxes)
  return lines
}

function cutText(data, tier, order) {
  const size = quantityText(tier.bytes, "B"), next = data.tiers[order + 1]
  if (order === 0) return `${size} up`
  return next.color === "device" ? `${size} back` : `${size} to the ${next.name}`
}

// Pills centred at their lines, pushed apart where they would touch.
function pillBoxes(view, cuts) {
  const boxes = cuts.map(cut => {
    const width = view.widthOf(cut.text, 12, 650) + 18
    return { width, x: Math.min(view.right - width, Math.max(view.left, cut.at - width / 2)) }
  })
  const [one, other] = boxes
  if (other && one.x + one.width + 4 > other.x) {
    const middle = (one.x + one.width + other.x) / 2
    one.x = Math.max(2, Math.min(middle - 2, view.right - other.width - 4) - one.width)
    other.x = Math.max(one.x + one.width + 4, Math.min(middle + 2, view.right - other.width))
  }
  return boxes
}

// What privacy keeps, in the pills' row, where there is room before the first.
function drawBeside(svg, view, boxes) {
  const { data } = view
  const room = (boxes.length ? boxes[0].x - 6 : view.right) - view.left
  const text = [data.captions.private, "private"].find(text => view.widthOf(text, 11.5) <= room)
  if (data.privateTo && text) svg.append(svgEl("text", { class: "dim", x: view.left, y: view.pillTop + 13, "font-size": 11.5 }, text))
}

// The lines glide to where they are drawn; the numbers are there at once.
function glide(lines, from) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return
  lines.forEach(({ line, at }, order) => {
    const moved = from[order]
    if (moved === undefined || Math.abs(moved - at) < 1) return
    line.animate([{ transform: `translateX(${moved - at}px)` }, { transform: "none" }], { duration: 200, easing: "ease-out" })
  })
}
