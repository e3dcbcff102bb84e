// Only the rows in sight are made, and the one that has the focus; so thousands of devices scroll as quickly as ten.
const ROW_PX = 31
const OVER_ROWS = 6
const PAGE_ROWS = 10

function showRows(root) {
  const { scroll, body, made, data } = root
  body.style.height = `${ROW_PX * data.rows}px`
  const first = Math.max(0, Math.floor(scroll.scrollTop / ROW_PX) - OVER_ROWS)
  const last = Math.min(data.rows - 1, Math.ceil((scroll.scrollTop + scroll.clientHeight) / ROW_PX) + OVER_ROWS)
  for (const [row, line] of made) {
    const isKept = row < data.rows && ((row >= first && row <= last) || line.matches(":focus-within"))
    if (!isKept) dropRow(root, row, line)
  }
  for (let row = first; row <= last; row += 1) if (!made.has(row)) addRow(root, row)
  for (const [row, line] of made) showRow(root, row, line)
}

// What was being typed in a row that has gone is no longer meant.
function dropRow(root, row, line) {
  for (const entry of line.querySelectorAll(".entry")) entry.typed = undefined
  root.made.delete(row)
  line.remove()
}

// Rows stand in the document in their order, so that Tab walks them in it.
function addRow(root, row) {
  const line = make("div", { role: "row", className: "row", "aria-rowindex": String(row + 2) })
  line.style.top = `${ROW_PX * row}px`
  line.number = row
  const number = make("div", { role: "rowheader", className: "place", textContent: String(row + 1) })
  const cells = root.data.columns.map((column, place) => newCell(root, row, place))
  const remove = make("button", { type: "button", className: "remove", textContent: "×", onclick: () => removeRow(root, row) })
  line.append(number, ...cells, make("div", { role: "gridcell", className: "last" }, remove))
  const next = [...root.body.children].find(one => one.number > row)
  root.body.insertBefore(line, next ?? null)
  root.made.set(row, line)
}

function showRow(root, row, line) {
  for (const entry of line.querySelectorAll(".entry")) showCell(root, row, entry)
  const remove = line.querySelector(".remove")
  remove.disabled = root.data.rows === 1
  remove.setAttribute("aria-label", `Remove ${nameOf(root, row)}`)
  remove.title = `Remove ${nameOf(root, row)}`
}

function removeRow(root, row) {
  for (const line of root.made.values()) for (const entry of line.querySelectorAll(".entry")) entry.typed = undefined
  command({ kind: "remove_device", path: `devices.${row}`, device: nameOf(root, row) })
}

function focusCell(root, row, place) {
  const to = Math.min(root.data.rows - 1, Math.max(0, row)), { scroll } = root
  const top = ROW_PX * to, room = scroll.clientHeight - root.head.offsetHeight
  if (top < scroll.scrollTop) scroll.scrollTop = top
  if (top + ROW_PX > scroll.scrollTop + room) scroll.scrollTop = top + ROW_PX - room
  showRows(root)
  root.made.get(to)?.querySelectorAll(".entry")[place]?.focus()
}
