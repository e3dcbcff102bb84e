// Story 1's picture: the ops, what crosses between them, and how full each arc of the network is.

const OP = { width: 96, height: 50 }
const WIDE_FROM = 800
const WIDEST_TALL = 440
const PIPE_WIDTH = 88
const PIPES_BELOW = 222

function networkPicture(stage) {
  const { data, at } = stage
  const layout = layoutOf(stage)
  const svg = drawn("svg", {
    viewBox: `0 0 ${layout.width} ${layout.height}`,
    style: `max-width: ${layout.width}px`,
    role: "group",
    "aria-label": "A model of six ops; press one to move it between device and server",
  })
  data.edges.forEach((edge, number) => svg.append(...edgeParts(stage, layout, edge, number)))
  data.ops.forEach((_, op) => svg.append(opPart(stage, layout, op)))
  if (at.step !== null) svg.append(...pipeParts(stage, layout))
  return svg
}

// Ops stand on a line, from left to right; on a narrow screen from top to bottom, their arcs beside them.
function layoutOf(stage) {
  const { lanes } = stage.data
  if (stage.width >= WIDE_FROM) {
    const gap = (stage.width - OP.width - 20) / (lanes.length - 1)
    const place = (lane, op) => [OP.width / 2 + 10 + op * gap, lane ? 44 : 130]
    return { wide: true, width: stage.width, height: stage.at.step === null ? 196 : 310, places: lanes.map(place) }
  }
  const width = Math.min(WIDEST_TALL, Math.max(330, stage.width))
  const place = (lane, op) => [lane ? OP.width * 1.65 : OP.width / 2 + 4, 34 + op * 86]
  return { wide: false, width, height: 34 + lanes.length * 86 - 34, places: lanes.map(place) }
}

function edgeParts(stage, layout, [from, to], number) {
  const { data, at } = stage
  const { colors } = data
  const crosses = at.side[from] && !at.side[to]
  const backward = at.side[to] && !at.side[from]
  const color = crosses ? colors.cut : backward ? colors.text : colors.border
  const [x1, y1, x2, y2] = edgeEnds(layout, from, to)
  const line = drawn("line", {
    x1, y1, x2, y2,
    stroke: color,
    "stroke-width": crosses || backward ? 4 : 2.5,
    "stroke-dasharray": crosses ? "7 4" : backward ? "2 4" : "none",
  })
  const parts = [line]
  if (backward) parts.push(backwardLabel(layout, [x1, y1, x2, y2]))
  const isFirst = data.edges.findIndex(([producer]) => producer === from) === number
  if (isFirst) parts.push(sentLabel(stage, layout, from, [x1, y1, x2, y2]))
  return parts.map(part => (part.tagName === "text" ? outlined(part, colors.background) : part))
}

// Beside what the label of the tensor takes.
function backwardLabel({ wide }, [x1, y1, x2, y2]) {
  if (wide) return label((x1 + x2) / 2, (y1 + y2) / 2 + 18, "backward", "send hot")
  return label(Math.max(x1, x2) + 58, (y1 + y2) / 2 + 1, "backward", "send hot", "start")
}

function edgeEnds({ wide, places }, from, to) {
  const [x1, y1] = places[from]
  const [x2, y2] = places[to]
  if (wide) return [x1 + OP.width / 2, y1, x2 - OP.width / 2, y2]
  return [x1, y1 + OP.height / 2, x2, y2 - OP.height / 2]
}

// A tensor is labelled once, however many ops read it.
function sentLabel(stage, { wide, places }, op, [x1, y1, x2, y2]) {
  const { data, at } = stage
  const crosses = data.edges.some(([a, b]) => a === op && at.side[a] && !at.side[b])
  const text = `send ${data.send[op]}`
  const leaves = data.edges.filter(([a]) => a === op).length > 1
  let made
  if (!wide) made = label(places[op][0] + 10, y1 + (leaves ? 54 : 20), text, "send", "start")
  else if (leaves) made = label(x1 + 8, y1 + 20, text, "send", "start")
  else if (data.lanes[op]) made = label(x1 + 10, y1 + 4, text, "send", "start")
  else made = label((x1 + x2) / 2, y2 - 9, text, "send", "middle")
  if (crosses) {
    made.classList.add("hot")
    made.style.fill = data.colors.cut
  }
  return made
}

function label(x, y, text, kind, anchor = "middle") {
  return drawn("text", { x, y, class: kind, "text-anchor": anchor }, text)
}

function outlined(text, color) {
  text.setAttribute("paint-order", "stroke")
  text.setAttribute("stroke", color)
  text.setAttribute("stroke-width", 4)
  return text
}

function opPart(stage, layout, op) {
  const { data, at } = stage
  const [x, y] = layout.places[op]
  const onDevice = at.side[op]
  const [fill, ink] = onDevice ? [data.colors.device, data.colors.onDevice] : [data.colors.server, data.colors.onServer]
  const fixed = op === 0
  const costs = fixed ? "raw data" : `${data.device[op]} or ${data.server[op]} ms`
  const spoken = fixed ? "raw data, stays" : `${data.device[op]} ms on the device or ${data.server[op]} ms on the server`
  const group = drawn("g", {
    class: "op",
    tabindex: 0,
    role: "button",
    "data-key": `op ${op}`,
    "aria-pressed": String(onDevice),
    "aria-disabled": String(fixed || at.step !== null),
    "aria-label": `${data.ops[op]}: ${spoken}; now on the ${onDevice ? "device" : "server"}`,
  })
  const [left, top] = [x - OP.width / 2, y - OP.height / 2]
  group.append(drawn("rect", { x: left, y: top, width: OP.width, height: OP.height, rx: 9, fill }))
  const texts = [label(x, y - 4, data.ops[op], "name"), label(x, y + 14, costs, "cost")]
  for (const text of texts) text.style.fill = ink
  group.append(...texts)
  const flip = () => flipOp(stage, op)
  group.addEventListener("click", flip)
  group.addEventListener("keydown", event => {
    if (event.key !== "Enter" && event.key !== " ") return
    event.preventDefault()
    flip()
  })
  return group
}

function pipeParts(stage, layout) {
  const { data, at } = stage
  const step = data.steps[at.step]
  const rows = { server: 0, device: 1, send: 2 }
  return data.pipes.flatMap((pipe, number) => {
    const row = rows[pipe.kind]
    if (row === undefined) return []
    const [x, y] = layout.places[pipe.op]
    const left = layout.wide ? x - PIPE_WIDTH / 2 : layout.width - PIPE_WIDTH - 2
    const top = layout.wide ? PIPES_BELOW + 34 * row : y - 21 + 26 * row
    return pipePart(stage, pipe, step, number, [left, top])
  })
}

function pipePart(stage, pipe, step, number, [left, top]) {
  const { colors, steps } = stage.data
  const used = step.flow[number]
  const isLast = step === steps.at(-1)
  const share = pipe.room === null ? used / steps.at(-1).total : used / pipe.room
  const marked = isLast ? pipe.cut : share >= 1
  const onPath = step.path.includes(number) || (isLast && pipe.cut)
  const bar = (width, fill) => drawn("rect", { x: left, y: top, width, height: 8, rx: 4, fill })
  const text = label(left, top - 4, `${pipe.kind} ${used}/${pipe.room ?? "∞"}`, "pipe", "start")
  if (onPath) text.classList.add("hot")
  const fill = marked ? colors.cut : colors.device
  return [bar(PIPE_WIDTH, colors.border), bar(PIPE_WIDTH * Math.min(1, share), fill), text]
}
