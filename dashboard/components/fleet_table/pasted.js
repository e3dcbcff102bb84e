// A block of cells pasted into the table, and a whole fleet pasted as a table with a first row of names.
function pasteBlock(root, row, place, event) {
  const text = event.clipboardData?.getData("text/plain") ?? ""
  const lines = text.replace(/\r/g, "").replace(/\n+$/, "").split("\n").map(line => line.split("\t"))
  if (lines.length === 1 && lines[0].length === 1) return
  event.preventDefault()
  const value = {}
  lines.forEach((cells, down) => cells.forEach((cell, right) => {
    const column = root.data.columns[place + right]
    if (column) value[pathOf(row + down, column)] = valueOf(column, cell.trim())
  }))
  event.target.typed = undefined
  command({ kind: "cells", path: "", value })
  showRows(root)
}

function newPaste(root) {
  const desk = window.cutwiseDesk ?? {}
  const area = make("textarea", { rows: 6, spellcheck: false, ariaLabel: "Rows of a table, the first with column names", value: desk.fleetText ?? "" })
  area.oninput = () => { desk.fleetText = area.value }
  const send = add => { root.sent = area.value; command({ kind: "fleet", path: "fleet", value: area.value, add }); root.why.textContent = "" }
  const buttons = make("div", { className: "buttons" },
    make("button", { type: "button", textContent: "Replace the fleet", onclick: () => send(false) }),
    make("button", { type: "button", textContent: "Add to the fleet", onclick: () => send(true) }))
  root.area = area
  root.why = make("p", { className: "why", role: "alert" })
  return make("details", { className: "pasted", open: Boolean(desk.fleetText) }, make("summary", { textContent: "Paste a fleet" }), area, buttons, root.why)
}

function showPaste(root) {
  const { columns, example, refused } = root.data
  root.area.placeholder = example
  root.area.title = `Columns: ${columns.map(column => column.name).join(", ")}; separated by commas, semicolons or tabs`
  const reason = refused.fleet?.reason ?? ""
  if (root.why.textContent !== reason) root.why.textContent = reason
}
