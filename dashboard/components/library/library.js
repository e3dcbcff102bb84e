// The library: cards that a search narrows, and the reader's own, which are saved, renamed and removed here.
const viewOf = new WeakMap()
const OWN = "own:"

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".library")
  const view = viewOf.get(root) ?? newView(root)
  view.data = data
  view.send = value => setStateValue("looked", value)
  window.addEventListener("storage", view.onStorage)
  if (data.imported) takeImported(view, data.imported)
  draw(view)
  return () => window.removeEventListener("storage", view.onStorage)
}

function newView(root) {
  const view = { root, looked: null, renaming: null, said: "", undo: null, searched: "" }
  viewOf.set(root, view)
  const search = element("input", { type: "search", placeholder: "Search scenarios", ariaLabel: "Search scenarios" })
  search.oninput = () => { view.searched = search.value; draw(view) }
  const name = element("input", { type: "text", placeholder: "A name for what is asked now", ariaLabel: "Name of your own scenario" })
  name.onkeydown = event => { if (event.key === "Enter") saveOwn(view) }
  view.name = name
  view.save = button("Save as my own", () => saveOwn(view), { className: "save" })
  view.told = element("p", { className: "told", role: "status" })
  view.cards = element("div", { className: "all" })
  root.replaceChildren(element("div", { className: "tools" }, search, element("span", { className: "saving" }, name, view.save)), view.told, view.cards)
  view.onStorage = event => { if (event.key === OWN_KEY) draw(view) }
  return view
}

function draw(view) {
  const { data } = view, own = ownScenarios()
  view.own = own.list
  view.name.maxLength = data.most.name
  const mine = own.list.map(one => ({ key: `${OWN}${one.name}`, title: one.name, own: one, shows: "", facts: typeof one.facts === "string" ? one.facts : "" }))
  const focused = view.root.getRootNode().activeElement, wasOn = focused?.closest?.("[data-card]")?.dataset.card
  const said = [view.said, own.why].filter(Boolean).join(" ")
  if (view.told.firstChild?.textContent !== said || view.undo !== view.undoShown) {
    view.told.replaceChildren(element("span", { textContent: said }))
    if (view.undo) view.told.append(" ", button("Undo", () => undoOwn(view), { className: "undo" }))
    view.undoShown = view.undo
  }
  const groups = [["Your own, in this browser", mine], ["Shipped with Cutwise", data.shipped]]
  const found = groups.map(([title, cards]) => [title, cards.filter(card => fits(view, card))])
  const parts = found.flatMap(([title, cards]) => cards.length
    ? [element("h3", { textContent: title }), element("div", { className: "grid" }, ...cards.map(card => newCard(view, card)))] : [])
  if (!parts.length) parts.push(element("p", { className: "note", textContent: `No scenario has “${view.searched}” in it.` }))
  else if (!mine.length && !view.searched) parts.push(element("p", { className: "note", textContent: "Your own scenarios stand here once you have saved one; this browser keeps them." }))
  view.cards.replaceChildren(...parts)
  const again = [...view.cards.querySelectorAll("[data-card]")].find(one => one.dataset.card === (view.renaming ?? wasOn))
  again?.querySelector(view.renaming ? ".renamed" : ".head")?.focus()
}

function fits(view, card) {
  const text = [card.title, card.shows, card.surprise, card.facts].join(" ").toLowerCase()
  return view.searched.toLowerCase().split(/\s+/).every(word => text.includes(word))
}

function look(view, card) {
  view.looked = view.looked === card.key ? null : card.key
  view.renaming = null
  if (view.looked) view.send(card.own ? { key: card.key, name: card.own.name, link: card.own.link } : { key: card.key })
  draw(view)
}

function choose(view, card) {
  const value = card.own ? { link: card.own.link, name: card.own.name } : card.key
  window.cutwiseDesk?.command({ kind: card.own ? "own" : "library", path: "scenario", value })
}

function say(view, why, said, undo = null) {
  view.said = why || said
  view.undo = why ? null : undo
  draw(view)
}

function saveOwn(view) {
  const { data } = view
  if (!data.link) { say(view, data.tooLarge, ""); return }
  addOwn(view, view.name.value.trim() || data.title, data)
  view.name.value = ""
}

function addOwn(view, wanted, { link, facts }) {
  let name = wanted
  const why = keepOwn(list => {
    name = freeName(list, wanted.slice(0, view.data.most.name))
    return [...list, { name, link, facts }]
  }, view.data.most)
  say(view, why, `Saved as “${name}”.`)
}

function renameOwn(view, card, wanted) {
  const before = card.title
  let name = wanted.trim()
  view.renaming = null
  if (!name || name === before) { draw(view); return }
  const why = keepOwn(list => {
    name = freeName(list, name, list.find(one => one.name === before))
    return renamed(list, before, name)
  }, view.data.most)
  view.looked = null
  say(view, why, `Renamed to “${name}”.`, list => renamed(list, name, before))
}

function renamed(list, from, to) {
  const found = list.find(one => one.name === from)
  return list.map(one => one === found ? { ...one, name: freeName(list, to, one) } : one)
}

function removeOwn(view, card) {
  const gone = card.own
  let at = 0
  const why = keepOwn(list => {
    at = list.findIndex(one => one.name === gone.name)
    return list.filter(one => one.name !== gone.name)
  }, view.data.most)
  view.looked = null
  say(view, why, `Removed “${gone.name}”.`, list => list.toSpliced(Math.max(0, at), 0, { ...gone, name: freeName(list, gone.name) }))
}

// Takes back the last step alone: what other tabs did meanwhile stays.
function undoOwn(view) {
  say(view, keepOwn(view.undo, { ...view.data.most, count: Infinity, characters: Infinity }), "As it was before.")
}

// A file that was read is kept once, however often the page is drawn.
function takeImported(view, imported) {
  const taken = (window.cutwiseImported ??= new Set())
  if (taken.has(imported.id)) return
  taken.add(imported.id)
  addOwn(view, imported.name, imported)
}
