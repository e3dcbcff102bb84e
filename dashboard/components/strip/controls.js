// The control of one field. What it shows comes from `data`; what is done leaves as a command.
const STEPS = 240
const SCALES = ["×0.5", "×0.8", "×1.25", "×2"]

function newField(field) {
  const box = make("div", { className: `field of-${field.kind}`, "data-field": field.path })
  box.spec = field
  if (field.kind === "note") {
    box.append(make("p", { className: "note", textContent: field.label }))
    return box
  }
  const head = make("div", { className: "head" }, make("span", { className: "label", textContent: field.label, title: field.help ?? "" }))
  box.append(head)
  KINDS[field.kind](box, field, head)
  box.append(make("p", { className: "why", role: "alert" }))
  return box
}

const KINDS = {
  catalogue: (box, field) => newSearch(box, field),
  slider: (box, field, head) => { head.append(newEntry(box, field)); box.append(newRange(box, field)) },
  entry: (box, field, head) => head.append(newEntry(box, field)),
  fleet: (box, field, head) => { head.append(newEntry(box, field)); if (field.scales) box.append(newScales(field)) },
  choice: (box, field) => box.append(newButtons(box, field, value => give(box, value))),
  many: (box, field) => box.append(newButtons(box, field, value => {
    const now = new Set(shownValue(box))
    now.has(value) ? now.delete(value) : now.add(value)
    give(box, field.choices.map(([name]) => name).filter(name => now.has(name)))
  })),
  select: (box, field) => {
    const options = field.choices.map(([, text], place) => make("option", { value: String(place), textContent: text }))
    const select = make("select", { ariaLabel: field.label, "data-path": field.path }, ...options)
    select.onchange = () => { if (select.value !== "") give(box, box.spec.choices[Number(select.value)][0]) }
    box.append(select)
  },
}

// A kind of table that needs more than its name is given whole.
function give(box, value) {
  const { spec } = box
  if (spec.sent && value in spec.sent) desk.command({ kind: "set", path: spec.sentPath, value: spec.sent[value] })
  else desk.command({ kind: spec.command ?? "set", path: spec.path, value })
  desk.redraw?.()
}

function newEntry(box, field) {
  const entry = make("input", { type: "text", className: "entry", spellcheck: false, autocomplete: "off", ariaLabel: `${field.label}, value`, "data-path": field.path })
  entry.onkeydown = event => {
    if (event.key === "Enter") sendEntry(box, entry)
    if (event.key === "Escape") {
      box.typed = undefined
      entry.value = entry.shown ?? ""
      event.stopPropagation()
    }
  }
  entry.oninput = () => { box.typed = entry.value }
  entry.onblur = () => sendEntry(box, entry)
  entry.onfocus = () => entry.select()
  return entry
}

function sendEntry(box, entry) {
  const typed = box.typed
  box.typed = undefined
  if (typed === undefined || typed === entry.shown) return
  entry.sent = typed
  desk.command({ kind: box.spec.command ?? "set", path: box.spec.path, value: typed })
}

function newRange(box, field) {
  const range = make("input", { type: "range", min: 0, max: STEPS, step: 1, ariaLabel: field.label, "data-path": field.path })
  range.oninput = () => {
    box.dragged = valueAt(box.spec, Number(range.value))
    fill(range)
    desk.command({ kind: box.spec.command ?? "set", path: field.path, value: box.dragged, live: true })
  }
  range.onchange = () => {
    const value = valueAt(box.spec, Number(range.value))
    box.dragged = undefined
    desk.command({ kind: box.spec.command ?? "set", path: field.path, value })
  }
  return range
}

function newScales(field) {
  const buttons = SCALES.map(text => make("button", {
    type: "button", textContent: text, title: `Multiply each one's own value by ${text.slice(1)}`,
    onclick: () => desk.command({ kind: "scale", path: field.path, value: text }),
  }))
  return make("div", { className: "scales", role: "group", ariaLabel: `${field.label}, scale each` }, make("small", { textContent: "scale each" }), ...buttons)
}

function newButtons(box, field, onpick) {
  const buttons = field.choices.map(([value, text]) => {
    const button = make("button", { type: "button", textContent: text, "data-path": `${field.path}=${value}`, onclick: () => onpick(value) })
    button.choice = value
    return button
  })
  return make("div", { className: "buttons", role: "group", ariaLabel: field.label }, ...buttons)
}

const fill = range => range.style.setProperty("--filled", `${(100 * range.value) / range.max}%`)

function valueAt({ low, high, scale, whole }, place) {
  const share = place / STEPS
  const value = scale === "log" ? low * (high / low) ** share : low + (high - low) * share
  if (whole) return Math.round(value)
  return place === 0 ? low : place === STEPS ? high : Number(value.toPrecision(scale === "log" ? 3 : 4))
}

function placeOf({ low, high, scale }, value) {
  if (value === null || value === undefined) return 0
  const share = scale === "log" ? Math.log(Math.max(value, low) / low) / Math.log(high / low) : (value - low) / (high - low)
  return Math.round(STEPS * Math.min(1, Math.max(0, share)))
}
