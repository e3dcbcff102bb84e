// A table of text only: names come from files. It is made anew when something in it has changed.
const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (key in made) made[key] = value
    else made.setAttribute(key, value)
  }
  made.append(...children)
  return made
}

export default function ({ data, parentElement }) {
  const table = parentElement.querySelector(".kept")
  const text = JSON.stringify(data)
  if (table.text === text) return
  table.text = text
  const focused = table.getRootNode().activeElement?.dataset?.action
  for (const [name, color] of Object.entries(data.colors)) table.style.setProperty(`--${name}`, color)
  table.style.setProperty("--columns", data.columns.length)
  const rows = [
    ...(data.inputs.length ? [section("What differs", data.columns.length), ...data.inputs.map(newRow)] : []),
    ...(data.outcomes.length ? [section("What comes of it", data.columns.length), ...data.outcomes.map(newRow)] : []),
  ]
  table.replaceChildren(element("thead", {}, head(data.columns)), element("tbody", {}, ...rows))
  if (focused) [...table.querySelectorAll("button")].find(one => one.dataset.action === focused)?.focus()
}

function head(columns) {
  const corner = element("td", { className: "corner" })
  return element("tr", {}, corner, ...columns.map((column, place) => {
    const cell = element("th", { scope: "col", title: column.full, className: column.now ? "now" : "" },
      element("small", { textContent: column.now ? `${place + 1}, asked now` : `${place + 1}, kept` }),
      element("b", { textContent: column.name }))
    if (column.more) cell.append(element("small", { textContent: column.more }))
    cell.append(actions(column, place))
    if (column.refused) cell.append(element("p", { className: "refused", textContent: column.refused }))
    return cell
  }))
}

function actions(column, place) {
  const give = command => () => window.cutwiseDesk?.command({ path: "", ...command })
  const named = word => `${word}: ${column.name}`
  const made = element("div", { className: "actions" })
  if (column.open) made.append(element("button", {
    type: "button", textContent: "Open", title: "Ask this question again", ariaLabel: named("Open"),
    "data-action": `open ${place}`, onclick: give({ kind: "go", link: column.open }),
  }))
  if (column.drop) made.append(element("button", {
    type: "button", textContent: "Drop", title: "Keep it no longer", ariaLabel: named("Drop"),
    "data-action": `drop ${place}`, onclick: give({ kind: "drop", value: column.drop }),
  }))
  return made
}

function section(title, count) {
  const name = element("th", { scope: "rowgroup", textContent: title })
  return element("tr", { className: "section" }, name, element("td", { colSpan: count }))
}

function newRow({ label, inner, cells }) {
  const name = element("th", { scope: "row", textContent: label, className: inner ? "inner" : "" })
  return element("tr", {}, name, ...cells.map(newCell))
}

function newCell({ text, words, note, share, best, change, tone }) {
  const cell = element("td", { className: words ? "words" : "" }, element("span", { className: "figure", textContent: text }))
  if (best) {
    cell.classList.add("best")
    cell.append(" ", element("span", { className: "mark", textContent: "best" }))
  }
  if (change) cell.append(" ", element("span", { className: `change ${tone}`, textContent: change }))
  if (note) cell.append(element("small", { textContent: note }))
  if (share !== undefined) {
    const bar = element("i", { ariaHidden: "true" })
    bar.style.width = `${100 * share}%`
    cell.append(element("div", { className: "track" }, bar))
  }
  return cell
}
