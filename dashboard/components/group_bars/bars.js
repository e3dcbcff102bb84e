// A bar a number of groups, delay above energy; made of text only, and anew when something has changed.
const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (key in made) made[key] = value
    else made.setAttribute(key, value)
  }
  made.append(...children)
  return made
}
// The number that was taken last: its bar has the focus again where the page was laid out anew meanwhile.
let taken = null
const STEPS = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".divisions")
  const text = JSON.stringify(data)
  if (root.text === text) return
  root.text = text
  const wasOn = root.getRootNode().activeElement?.dataset?.count ?? (document.activeElement === document.body ? taken : null)
  for (const [name, color] of Object.entries(data.colors)) root.style.setProperty(`--${name}`, color)
  root.style.setProperty("--columns", data.bars.length)
  const told = element("p", { className: "told", role: "status" })
  const here = Math.max(0, data.bars.findIndex(bar => bar.now))
  const columns = data.bars.map((bar, place) => newColumn(data, bar, place === here, told))
  const bars = element("div", { className: "bars", role: "group", ariaLabel: data.label }, ...columns)
  bars.onkeydown = event => moved(event, columns)
  bars.onmouseleave = () => tell(told, data.bars[here])
  bars.addEventListener("focusout", () => tell(told, data.bars[here]))
  const energies = element("span", { className: "energies" }, ...["Energy,", "up to", data.most].map(textContent => element("b", { textContent })))
  const plot = element("div", { className: "plot" }, ...data.ticks.map(newTick), energies, bars)
  root.replaceChildren(
    element("p", { className: "axis", textContent: data.above }),
    element("div", { className: "scroller" }, plot),
    element("p", { className: "axis below", textContent: data.below }), legend(data), told)
  tell(told, data.bars[here])
  if (wasOn !== null) columns.find(one => one.dataset.count === String(wasOn))?.focus({ preventScroll: true })
  if (data.bars[here].count === taken) taken = null
}

function newColumn(data, bar, isFirst, told) {
  const kinds = ["best", "now", "broken"].filter(kind => bar[kind])
  const length = (share, kind) => {
    const made = element("i", { className: kind })
    made.style.height = `${100 * share}%`
    return element("span", { className: `lane ${kind}` }, made)
  }
  const column = element("button", {
    type: "button", className: ["column", ...kinds].join(" "), tabIndex: isFirst ? 0 : -1, ariaLabel: bar.text, "data-count": bar.count,
    onmouseenter: () => tell(told, bar), onfocus: () => tell(told, bar), onclick: () => adopt(data, bar),
  }, length(bar.delay, "delay"), element("span", { className: bar.named ? "count" : "count passed", textContent: bar.count }), length(bar.energy, "energy"))
  if (bar.now) column.setAttribute("aria-current", "true")
  return column
}

function newTick({ share, text }) {
  const made = element("span", { className: "tick" }, element("small", { textContent: text }))
  made.style.setProperty("--at", share)
  return made
}

function legend({ keys }) {
  return element("p", { className: "legend" }, ...keys.map(({ kind, text }) =>
    element("span", {}, element("i", { className: `key ${kind}` }), text)))
}

function tell(told, bar) {
  if (told.textContent !== bar.text) told.textContent = bar.text
}

function adopt({ path }, bar) {
  if (bar.now) return
  taken = bar.count
  window.cutwiseDesk?.command({ kind: "option", path, value: bar.count })
}

// One bar is reached by Tab, the others by arrow keys.
function moved(event, columns) {
  const step = STEPS[event.key]
  const at = columns.indexOf(event.target)
  if (step === undefined || at < 0) return
  event.preventDefault()
  columns[at].tabIndex = -1
  const next = columns[Math.min(columns.length - 1, Math.max(0, at + step))]
  next.tabIndex = 0
  next.focus()
}
