// A range input that reruns the page while it is dragged. The next value leaves only after Python has
// answered the last one, so a slow page lowers the rate instead of queueing or cancelling runs.

const LOG_POSITIONS = 200
const LINEAR_POSITIONS = 200
const MOST_POSITIONS = 2000
const ANSWER_MS = 4000
const byRoot = new WeakMap()

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".slider")
  const slider = byRoot.get(root) ?? newSlider(root, data)
  slider.send = move => setStateValue("move", move)
  const facts = JSON.stringify({ ...data, value: null, ack: null })
  if (slider.facts !== facts) {
    slider.facts = facts
    slider.data = data
    slider.values = positions(data)
    dress(slider)
  }
  slider.data = data
  if (slider.inFlight !== null && data.ack >= slider.inFlight) {
    clearTimeout(slider.timer)
    slider.inFlight = null
    flush(slider)
  }
  if (slider.inFlight === null && !slider.isDragged) show(slider, data.value)
  root.dataset.ack = String(data.ack)
  return () => clearTimeout(slider.timer)
}

function newSlider(root, data) {
  const find = name => root.querySelector(`.${name}`)
  const slider = { root, range: find("range"), value: find("value"), entry: find("entry"), clear: find("clear"), help: find("help"), tip: find("tip"), label: find("label") }
  Object.assign(slider, { count: data.ack, inFlight: null, wanted: undefined, isDragged: false })
  byRoot.set(root, slider)
  slider.range.oninput = () => {
    const value = slider.values[Number(slider.range.value)]
    show(slider, value)
    want(slider, value)
  }
  slider.range.onpointerdown = () => (slider.isDragged = true)
  slider.range.onpointerup = slider.range.onpointercancel = slider.range.onblur = () => (slider.isDragged = false)
  slider.value.onclick = () => openEntry(slider)
  slider.entry.onkeydown = event => {
    if (event.key === "Enter") closeEntry(slider, true)
    if (event.key === "Escape") closeEntry(slider, false)
  }
  slider.entry.onblur = () => closeEntry(slider, true)
  slider.clear.onclick = () => {
    show(slider, null)
    want(slider, null)
  }
  slider.help.onpointerenter = slider.help.onfocus = slider.help.onclick = () => showTip(slider, slider.help, slider.data.help)
  slider.help.onpointerleave = slider.help.onblur = () => hideTip(slider)
  return slider
}

function want(slider, value) {
  slider.wanted = value
  if (slider.inFlight === null) flush(slider)
}

function flush(slider) {
  if (slider.wanted === undefined) return
  const value = slider.wanted
  slider.wanted = undefined
  slider.count += 1
  slider.inFlight = slider.count
  slider.timer = setTimeout(() => {
    slider.inFlight = null
    flush(slider)
  }, ANSWER_MS)
  slider.send({ value, count: slider.count })
}

// Every value the thumb can stand on, ends included; logarithmic ones are rounded to what reads well.
function positions({ low, high, scale, step, isInteger }) {
  const found = [low]
  if (scale === "log") {
    const ratio = (high / low) ** (1 / LOG_POSITIONS)
    for (let at = 1; at < LOG_POSITIONS; at++) found.push(Number((low * ratio ** at).toPrecision(ratio >= 1.015 ? 2 : 3)))
  } else {
    const span = high - low
    const stride = Math.max(step ?? (isInteger ? 1 : roundStep(span / LINEAR_POSITIONS)), span / MOST_POSITIONS)
    for (let at = 1; low + at * stride < high; at++) found.push(Number((low + at * stride).toPrecision(12)))
  }
  found.push(high)
  const whole = isInteger ? found.map(Math.round) : found
  return [...new Set(whole)].filter(value => value >= low && value <= high).sort((a, b) => a - b)
}

function roundStep(step) {
  const power = 10 ** Math.floor(Math.log10(step))
  return power * [1, 2, 5, 10].find(factor => factor * power >= step * 0.999)
}

function dress({ root, data, values, range, help, clear, label, entry, value }) {
  label.textContent = data.label
  range.max = String(values.length - 1)
  range.disabled = data.disabled
  range.setAttribute("aria-label", data.label)
  value.setAttribute("title", "Click to type a value")
  entry.setAttribute("aria-label", `${data.label}, typed`)
  clear.textContent = data.noneText
  clear.setAttribute("aria-label", `${data.label}: ${data.noneText}`)
  help.hidden = !data.help
  help.setAttribute("aria-label", `Help: ${data.help}`)
  root.classList.toggle("off", data.disabled)
}

function show(slider, value) {
  const { root, data, range, values, clear } = slider
  slider.shown = value
  const position = value === null ? 0 : nearest(values, value, data.scale)
  range.value = String(position)
  range.style.setProperty("--filled", `${filled(position, values.length - 1)}%`)
  const text = value === null ? data.noneText : quantityText(value, data.unit, data.isInteger)
  range.setAttribute("aria-valuetext", text)
  slider.value.textContent = text
  slider.value.setAttribute("aria-label", `${data.label}: ${text}. Type a value`)
  clear.hidden = !data.optional || value === null
  root.classList.toggle("unset", value === null)
  root.dataset.value = String(value)
}

// The thumb's middle is half a thumb inside the ends of the track; the fill ends under it.
function filled(position, last) {
  return last > 0 ? (100 * position) / last : 0
}

function nearest(values, value, scale) {
  const away = scale === "log" ? other => Math.abs(Math.log(other / Math.max(value, Number.MIN_VALUE))) : other => Math.abs(other - value)
  let best = 0
  for (let at = 1; at < values.length; at++) if (away(values[at]) < away(values[best])) best = at
  return best
}

function openEntry(slider) {
  const { entry, value } = slider
  entry.value = slider.shown === null ? "" : value.textContent
  entry.hidden = false
  value.hidden = true
  entry.focus()
  entry.select()
}

function closeEntry(slider, takes) {
  const { entry, value, data } = slider
  if (entry.hidden) return undefined
  const isUnchanged = entry.value === value.textContent || (entry.value === "" && slider.shown === null)
  if (takes && !isUnchanged) {
    const typed = entry.value.trim() === "" && data.optional ? null : typedQuantity(entry.value, data.unit, slider.shown ?? data.low, data.low, data.high)
    if (Number.isNaN(typed)) return complain(slider)
    const kept = typed === null ? null : Math.min(data.most, Math.max(data.least, data.isInteger ? Math.round(typed) : typed))
    show(slider, kept)
    want(slider, kept)
  }
  hideTip(slider)
  entry.classList.remove("wrong")
  entry.hidden = true
  value.hidden = false
  return undefined
}

function complain(slider) {
  slider.entry.classList.add("wrong")
  slider.entry.setAttribute("aria-invalid", "true")
  showTip(slider, slider.entry, `Type a number, such as ${quantityText(slider.data.high, slider.data.unit, slider.data.isInteger)} or 20M`)
}

function hideTip({ tip, entry }) {
  entry.removeAttribute("aria-invalid")
  tip.hidePopover()
}

function showTip({ tip }, beside, text) {
  tip.textContent = text
  tip.showPopover()
  const mark = beside.getBoundingClientRect(), box = tip.getBoundingClientRect()
  const left = Math.max(8, Math.min(mark.left - 12, innerWidth - box.width - 8))
  const above = mark.top - box.height - 8
  tip.style.left = `${left}px`
  tip.style.top = `${above > 8 ? above : mark.bottom + 8}px`
}
