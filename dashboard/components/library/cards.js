// One card a scenario, made of text only: names come from files and people.
const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (key in made) made[key] = value
    else made.setAttribute(key, value)
  }
  made.append(...children)
  return made
}
const button = (text, onclick, more = {}) => element("button", { type: "button", textContent: text, onclick, ...more })

function newCard(view, card) {
  const isOpen = view.looked === card.key
  const head = element("button", {
    type: "button", className: "head", "aria-expanded": String(isOpen), onclick: () => look(view, card),
  }, element("b", { textContent: card.title }))
  if (card.now) head.append(element("span", { className: "mark", textContent: "asked now" }))
  if (card.facts) head.append(element("small", { textContent: card.facts }))
  const made = element("article", { className: isOpen ? "card open" : "card", "data-card": card.key }, head)
  if (card.shows) made.append(element("p", { textContent: card.shows }), element("p", { className: "surprise", textContent: card.surprise }))
  if (isOpen) made.append(preview(view, card))
  return made
}

// What choosing it would change, and what can be done with it.
function preview(view, card) {
  const found = view.data.preview?.of === card.key ? view.data.preview : null
  const made = element("div", { className: "preview" }, element("div", { className: "acts" }, ...acts(view, card, found)))
  if (!found) {
    made.append(element("p", { className: "note", textContent: "Working out what would change …" }))
  } else {
    if (found.refused) made.append(element("p", { className: "refused", textContent: found.refused }))
    if (found.rows.length) made.append(changes(found))
    else if (!found.refused) made.append(element("p", { className: "note", textContent: "Nothing would change: this is what is asked now." }))
    if (found.more) made.append(element("p", { className: "note", textContent: found.more }))
  }
  return made
}

function changes({ rows, figures }) {
  const cells = ({ label, now, then }, kind) => element("tr", { className: kind }, element("th", { scope: "row", textContent: label }), element("td", { textContent: now }), element("td", { textContent: then }))
  const head = element("tr", {}, element("td"), element("th", { scope: "col", textContent: "Now" }), element("th", { scope: "col", textContent: "With this" }))
  return element("table", {}, element("thead", {}, head), element("tbody", {}, ...figures.map(row => cells(row, "figure")), ...rows.map(row => cells(row, ""))))
}

function acts(view, card, found) {
  const use = button("Use this scenario", () => choose(view, card), { className: "use", disabled: Boolean(card.now) || !found || Boolean(found.broken) })
  const made = [use]
  if (found?.file) made.push(button("Export as a file", () => saveFile(found.file)))
  if (card.own) made.push(
    button("Rename", () => { view.renaming = card.key; draw(view) }),
    button("Remove", () => removeOwn(view, card)),
  )
  if (card.own && view.renaming === card.key) made.push(renamer(view, card))
  return made
}

function renamer(view, card) {
  const field = element("input", { type: "text", value: card.title, maxLength: view.data.most.name, ariaLabel: "New name", className: "renamed" })
  field.onkeydown = event => {
    if (event.key === "Enter") renameOwn(view, card, field.value)
    if (event.key === "Escape") { event.stopPropagation(); view.renaming = null; draw(view) }
  }
  return element("span", { className: "renamer" }, field, button("Keep this name", () => renameOwn(view, card, field.value)))
}

function saveFile({ name, text }) {
  const url = URL.createObjectURL(new Blob([text], { type: "application/toml" }))
  element("a", { href: url, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(url), 1000)
}
