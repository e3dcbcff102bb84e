// A row of the hardware catalogue, found by typing: every word must be in its name, vendor, class or kind.
const AUTOMATIC = { name: null, title: "automatic", about: "", figures: "", sources: "", words: "automatic" }
const CATALOGUE = CATALOGUE_ROWS.map(([name, title, about, figures, told]) => ({
  name, title, about, figures, sources: told.map(at => CATALOGUE_TOLD[at]).join("; "), told: CATALOGUE_TOLD[told.at(-1)], words: `${title} ${name} ${about}`.toLowerCase().replace(/_/g, " "),
}))
const MOST_FOUND = 200

function found(typed) {
  const words = typed.toLowerCase().replace(/_/g, " ").split(/\s+/).filter(Boolean)
  return [AUTOMATIC, ...CATALOGUE].filter(row => words.every(word => row.words.includes(word))).slice(0, MOST_FOUND)
}

const rowOf = name => CATALOGUE.find(row => row.name === name) ?? AUTOMATIC

function newSearch(box, field) {
  const id = `catalogue-${field.path}`
  const entry = make("input", { type: "text", className: "search", role: "combobox", spellcheck: false, autocomplete: "off", ariaLabel: `${field.label}, search`, "aria-controls": id, "aria-autocomplete": "list", "aria-expanded": "false", "aria-describedby": `${id}-told`, "data-path": field.path })
  const list = make("ul", { id, role: "listbox", ariaLabel: `${field.label}, found`, hidden: true })
  const told = make("p", { className: "rests", id: `${id}-told` }) // a line of the tray's own, as it is long
  box.search = { entry, list, told, rows: [], at: -1 }
  entry.onfocus = entry.onclick = () => { if (list.hidden) { entry.select(); openList(box, "") } }
  entry.oninput = () => { box.typed = entry.value; openList(box, entry.value) }
  entry.onblur = () => closeList(box)
  entry.onkeydown = event => onSearchKey(box, event)
  list.onmousedown = event => event.preventDefault() // the entry keeps the focus until something is picked
  box.append(entry, list)
}

function openList(box, typed) {
  const { entry, list } = box.search
  box.search.rows = found(typed)
  list.replaceChildren(...box.search.rows.map((row, place) => make("li", {
    id: `${list.id}-${place}`, role: "option", onclick: () => pickRow(box, place),
  }, make("b", { textContent: row.title }), make("small", { className: "about", textContent: row.about }), make("span", { textContent: row.figures }), make("small", { textContent: row.sources }))))
  if (!box.search.rows.length) list.append(make("li", { className: "nothing", textContent: "Nothing in the catalogue has all of these words." }))
  list.hidden = false
  box.classList.add("searching")
  entry.setAttribute("aria-expanded", "true")
  const current = box.search.rows.findIndex(row => row.name === shownValue(box))
  markRow(box, typed ? 0 : current)
}

function markRow(box, place) {
  const { entry, list, rows } = box.search
  box.search.at = rows.length ? Math.max(-1, Math.min(place, rows.length - 1)) : -1
  for (const [at, option] of [...list.children].entries()) option.setAttribute("aria-selected", String(at === box.search.at))
  const marked = list.children[box.search.at]
  if (!marked || box.search.at < 0) { entry.removeAttribute("aria-activedescendant"); return }
  entry.setAttribute("aria-activedescendant", marked.id)
  list.scrollTop = Math.max(0, marked.offsetTop - list.offsetTop - list.clientHeight / 2)
}

function onSearchKey(box, event) {
  const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 6, PageUp: -6 }[event.key]
  if (by) {
    event.preventDefault()
    if (box.search.list.hidden) openList(box, "")
    else markRow(box, Math.max(0, box.search.at + by))
  }
  if (event.key === "Enter" && !box.search.list.hidden) { event.preventDefault(); pickRow(box, box.search.at) }
  if (event.key === "Escape" && !box.search.list.hidden) { event.stopPropagation(); closeList(box) }
}

function pickRow(box, place) {
  const row = box.search.rows[place]
  closeList(box)
  if (row && (row.name !== box.spec.value || box.spec.mixed)) give(box, row.name)
}

function closeList(box) {
  const { entry, list } = box.search
  box.typed = undefined
  list.hidden = true
  list.replaceChildren()
  box.classList.remove("searching")
  entry.setAttribute("aria-expanded", "false")
  showSearch(box, shownValue(box))
}

// What stands where nothing is typed: the row that holds, its figures and what they rest on.
function showSearch(box, value) {
  const { entry, told } = box.search, isMixed = box.spec.mixed && value === box.spec.value
  if (box.typed !== undefined) return
  const row = rowOf(value)
  entry.placeholder = isMixed ? "various" : "type a name, vendor, class or kind"
  const shown = isMixed ? "" : row.title
  if (entry.value !== shown) entry.value = shown
  told.replaceChildren(...(isMixed || !row.figures ? [] : [make("b", { textContent: `${row.title}: ` }), `${row.figures}. ${row.told}`]))
}
