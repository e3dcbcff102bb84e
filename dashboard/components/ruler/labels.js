// Labels of single cuts, apart from each other: the shown cut, the best, both ends, and bars cut off.
const LABEL_SIZE = 12, LABEL_HIGH = 17

function drawLabels(svg, view) {
  const placed = []
  for (const label of [...markLabels(view), ...cutOffLabels(view)]) {
    const box = freePlace(view, label, placed)
    if (!box) continue
    placed.push(box)
    drawLabel(svg, view, label, box)
  }
  return placed
}

function markLabels(view) {
  const { data } = view, last = view.positions - 1, found = []
  const add = (at, name, weight) => {
    if (found.some(label => label.at === at)) return
    const value = data.state[at] === ENDLESS ? "never ends" : secondsText(data.totalS[at])
    found.push({ at, text: `${name} ${value}`, weight, isNeeded: weight > 500, limit: data.state[at] === BREAKS })
  }
  const chosenName = data.chosen === data.best ? data.words.best : data.pinned ? "pinned" : "planned"
  add(data.chosen, chosenName, 700)
  add(data.best, data.words.best, 700)
  add(last, view.isNarrow ? "all on device" : "all on the device", 500)
  add(0, view.isNarrow ? "least on device" : "least on the device", 500)
  return found
}

// The values of bars that the axis cuts off: each where there is room, else of a run from least to most; the
// widest runs come first, as away from its run a value would speak of another.
function cutOffLabels(view) {
  const runs = []
  for (const column of view.columns) {
    if (!isCut(view, column.at)) continue
    const run = runs.at(-1)
    if (run && run.at(-1).to === column.from) run.push(column)
    else runs.push([column])
  }
  return runs.sort((one, other) => other.length - one.length).flatMap(run => runLabels(view, run))
}

function runLabels(view, run) {
  const inside = run.map(column => ({ at: column.at, text: secondsText(view.data.totalS[column.at]), weight: 400, isInside: true }))
  const wide = (run[0].to - run[0].from) * view.unit
  if (inside.every(label => view.widthOf(label.text, LABEL_SIZE) + 6 <= wide)) return inside
  const values = run.map(column => view.data.totalS[column.at])
  const least = secondsText(Math.min(...values)), most = secondsText(Math.max(...values))
  const centre = (view.barStart(run[0].from) + view.barStart(run.at(-1).to)) / 2
  return [{ at: run[0].at, centre, text: least === most ? most : `${least} – ${most}`, weight: 400, isInside: true }]
}

// The first free box above the label's bar, else beside it; a label that may be left out is.
function freePlace(view, label, placed) {
  const width = view.widthOf(label.text, LABEL_SIZE, label.weight) + 10
  const barTop = view.data.state[label.at] === ENDLESS ? view.capTop : view.y(view.data.totalS[label.at])
  const wanted = label.centre ?? view.barStart(label.at) + view.unit / 2
  const low = view.left + 2, high = view.right - width
  const start = (label.isInside ? view.capTop + 19 : barTop - LABEL_HIGH - 4)
  const top = view.delayTop + 16
  const shifts = label.isInside ? [0, 1].slice(0, view.isNarrow ? 1 : 2) : [0, ...[1, 2, 3, 4].flatMap(step => [-step, step])]
  for (const side of label.isNeeded ? [0, -1, 1, -2, 2] : [0]) {
    for (const shift of shifts) {
      const x = Math.min(high, Math.max(low, wanted - width / 2 + (side * width) / 2))
      const y = Math.max(top, start + shift * (LABEL_HIGH + 1))
      const box = { x, y, width, height: LABEL_HIGH }
      if (y + LABEL_HIGH < view.floor && !placed.some(other => overlaps(box, other))) return { ...box, wanted, barTop }
    }
  }
  return null
}

const overlaps = (one, other) =>
  one.x < other.x + other.width + 2 && other.x < one.x + one.width + 2 && one.y < other.y + other.height && other.y < one.y + one.height

function drawLabel(svg, view, label, box) {
  const { colors } = view.data
  if (box.y + box.height < box.barTop - 6) {
    const x = Math.min(box.x + box.width - 4, Math.max(box.x + 4, box.wanted))
    svg.append(svgEl("path", { d: `M${x} ${box.y + box.height}L${box.wanted} ${box.barTop - 2}`, stroke: colors.text, opacity: 0.45 }))
  }
  svg.append(svgEl("rect", { x: box.x, y: box.y, width: box.width, height: box.height, rx: 5, fill: colors.background }))
  svg.append(svgEl("text", { class: "label", x: box.x + box.width / 2, y: box.y + 12.5, "text-anchor": "middle", "font-size": LABEL_SIZE, "font-weight": label.weight }, label.text))
}
