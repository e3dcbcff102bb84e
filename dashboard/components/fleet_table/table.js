// The fleet as a table. What it shows comes from `data`; what is done leaves as a command of the desk.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".fleet")
  const names = data.columns.map(column => column.name).join()
  root.data = data
  if (root.names !== names) { root.names = names; build(root) }
  showRows(root)
  showRefused(root)
  showPaste(root)
  settle(root)
  root.grid.setAttribute("aria-rowcount", String(data.rows + 1))
  root.count.textContent = `${data.rows.toLocaleString("en")} ${data.rows === 1 ? "device" : "devices"}`
}

// Texts that waited when this was drawn are drawn again until all commands have been counted.
const SETTLE_MS = 300
function settle(root) {
  clearTimeout(root.settling)
  if (!window.cutwiseDesk?.queue?.length) return
  root.settling = setTimeout(() => { showRows(root); settle(root) }, SETTLE_MS)
}

function build(root) {
  const { columns } = root.data
  root.made = new Map()
  root.head = make("div", { role: "row", className: "row head", "aria-rowindex": "1" },
    make("div", { role: "columnheader", className: "place", ariaLabel: "Row", textContent: "#" }),
    ...columns.map(column => make("div", { role: "columnheader", className: column.isText ? "cell" : "cell number", textContent: column.title, title: column.help })),
    make("div", { role: "columnheader", className: "last", ariaLabel: "Remove" }))
  root.body = make("div", { role: "rowgroup", className: "body" })
  root.grid = make("div", { role: "grid", className: "grid", ariaLabel: "Devices", "aria-colcount": String(columns.length + 2) }, make("div", { role: "rowgroup", className: "top" }, root.head), root.body)
  root.scroll = make("div", { className: "scroll" }, root.grid)
  root.scroll.onscroll = () => showRows(root)
  root.count = make("span", { className: "count" })
  const add = make("button", { type: "button", className: "add", textContent: "Add a device", title: "One more like the last", onclick: () => command({ kind: "add_device", path: "devices" }) })
  root.told = make("div", { className: "told", role: "status", ariaLabel: "What was not taken" })
  const choices = columns.filter(column => column.choices.length).map(column => make("datalist", { id: `choices-${column.name}` }, ...column.choices.map(([value, label]) => make("option", { value, label }))))
  root.replaceChildren(root.scroll, make("div", { className: "foot" }, add, root.count), root.told, newPaste(root), ...choices)
}

// Every refused cell by row and column with its reason; a click leads to it.
const MOST_TOLD = 12
function showRefused(root) {
  const { refused, columns } = root.data
  const wrong = Object.entries(refused).filter(([path]) => path !== "fleet")
  const text = JSON.stringify(wrong)
  if (root.told.text === text) return
  root.told.text = text
  const lines = wrong.slice(0, MOST_TOLD).map(([path, one]) => {
    const [, row, name] = path.split("."), place = columns.findIndex(column => column.name === name)
    const go = make("button", { type: "button", textContent: one.where || "Fleet", onclick: () => focusCell(root, Number(row), Math.max(0, place)) })
    return make("p", {}, go, make("span", { textContent: `: ${one.reason}` }))
  })
  if (wrong.length > MOST_TOLD) lines.push(make("p", { textContent: `and ${wrong.length - MOST_TOLD} more` }))
  root.told.replaceChildren(...lines)
}
