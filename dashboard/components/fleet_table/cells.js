// One cell is one entry. It shows the fleet's text; a text of its own only while that is typed, waits or was refused.
const make = (name, attributes = {}, ...children) => {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (key in made && key !== "list") made[key] = value
    else made.setAttribute(key, value)
  }
  made.append(...children)
  return made
}
const command = given => window.cutwiseDesk?.command(given)
const textOf = (texts, row) => texts.length === 1 ? texts[0] : texts[row] ?? ""
const pathOf = (row, column) => `devices.${row}.${column.name}`
const nameOf = (root, row) => {
  const [column] = root.data.columns
  return textOf(column.texts, row) || textOf(column.known, row)
}

function newCell(root, row, place) {
  const column = root.data.columns[place]
  const entry = make("input", { type: "text", className: "entry", spellcheck: false, autocomplete: "off" })
  if (column.choices.length) entry.setAttribute("list", `choices-${column.name}`)
  entry.place = place
  entry.oninput = () => { entry.typed = entry.value }
  entry.onfocus = () => entry.select()
  entry.onblur = () => { sendCell(root, row, entry); showRows(root) }
  entry.onkeydown = event => onCellKey(root, row, entry, event)
  entry.onpaste = event => pasteBlock(root, row, place, event)
  return make("div", { role: "gridcell", className: column.isText ? "cell" : "cell number", "aria-colindex": String(place + 2) }, entry)
}

function sendCell(root, row, entry) {
  const typed = entry.typed
  entry.typed = undefined
  if (typed === undefined || typed === entry.shown) return
  const column = root.data.columns[entry.place]
  entry.shown = typed
  command({ kind: "set", path: pathOf(row, column), value: valueOf(column, typed), device: nameOf(root, row) })
}

const valueOf = (column, text) => column.emptyIsNone && !text.trim() ? null : text

function waitingText(path) {
  const waiting = window.cutwiseDesk?.queue?.findLast(one => one.path === path || (one.kind === "cells" && path in one.value))
  if (!waiting || (waiting.kind !== "set" && waiting.kind !== "cells")) return undefined
  return String((waiting.kind === "cells" ? waiting.value[path] : waiting.value) ?? "")
}

function showCell(root, row, entry) {
  const column = root.data.columns[entry.place], path = pathOf(row, column)
  const refused = root.data.refused[path], waiting = waitingText(path)
  const label = `${column.title} of ${nameOf(root, row)}`
  if (entry.getAttribute("aria-label") !== label) entry.setAttribute("aria-label", label)
  entry.placeholder = textOf(column.known, row)
  const isWrong = Boolean(refused) && waiting === undefined
  entry.setAttribute("aria-invalid", String(isWrong))
  entry.title = isWrong ? refused.reason : column.help
  if (entry.typed !== undefined) return
  const shown = waiting ?? (refused ? refused.text : textOf(column.texts, row))
  const isAll = entry.value && entry.selectionEnd - entry.selectionStart === entry.value.length
  entry.shown = shown
  if (entry.value === shown) return
  entry.value = shown
  if (isAll && entry.matches(":focus")) entry.select()
}

// Enter and the arrows move as in a spreadsheet; Ctrl+Z is the desk's unless a text is being typed.
function onCellKey(root, row, entry, event) {
  const isPlain = !event.altKey && !event.ctrlKey && !event.metaKey
  if (event.key === "Escape") { entry.typed = undefined; entry.value = entry.shown; return }
  const by = { ArrowDown: 1, ArrowUp: -1, Enter: event.shiftKey ? -1 : 1, PageDown: PAGE_ROWS, PageUp: -PAGE_ROWS }[event.key]
  if (by && isPlain) {
    event.preventDefault()
    sendCell(root, row, entry)
    focusCell(root, row + by, entry.place)
    return
  }
  const isUndo = (event.ctrlKey || event.metaKey) && ["z", "y"].includes(event.key.toLowerCase())
  if (!isUndo || entry.typed !== undefined) return
  event.preventDefault()
  command({ kind: event.key.toLowerCase() === "y" || event.shiftKey ? "redo" : "undo", path: "" })
}
