// Arrow keys move among the devices and look at the one they reach; the row scrolls to who is looked at.
export default function ({ data, parentElement }) {
  const list = parentElement.querySelector(".list")
  const known = list.children.length === data.rows.length ? [...list.children] : data.rows.map(newRow)
  if (known[0] !== list.firstChild) list.replaceChildren(...known)
  data.rows.forEach((row, place) => showRow(known[place], row, row.name === data.shown))
  list.onkeydown = event => { move(event, known) }
  const shown = known.find(row => row.getAttribute("aria-selected") === "true")
  if (shown && list.shown !== data.shown) list.scrollLeft = shown.offsetLeft - list.clientWidth / 2 + shown.offsetWidth / 2
  list.shown = data.shown
}

function newRow() {
  const row = document.createElement("button")
  row.append(document.createElement("b"), document.createElement("small"), document.createElement("i"))
  row.type = "button"
  row.setAttribute("role", "option")
  row.onclick = () => window.cutwiseDesk?.command({ kind: "device", path: "device", value: row.name })
  return row
}

function showRow(row, { name, detail, share }, isShown) {
  row.name = name
  const [title, text, bar] = row.children
  if (title.textContent !== name) title.textContent = name
  if (text.textContent !== detail) text.textContent = detail
  bar.style.width = `${100 * share}%`
  row.setAttribute("aria-selected", String(isShown))
  row.tabIndex = isShown ? 0 : -1
}

function move(event, rows) {
  const at = rows.findIndex(row => row.tabIndex === 0)
  const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: rows.length - 1 }[event.key]
  if (next === undefined || !rows[next]) return
  event.preventDefault()
  rows[next].focus()
  rows[next].click()
}
