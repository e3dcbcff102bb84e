// The scenario as one row of chips; an opened chip shows its fields in a tray below it.
const NARROW_PX = 700

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".strip")
  const isFirst = !desk.data
  desk.send = outbox => setStateValue("outbox", outbox)
  if (desk.data?.page !== data.page) closeDrawer()
  desk.arrived(data.page)
  desk.data = data
  desk.taken(data.taken[desk.client] ?? 0)
  if (isFirst) restoreTrail(data)
  keepTrail(data)
  if (root.row !== data.groups.map(group => group.id).join()) build(root, data)
  desk.redraw = () => show(root, desk.data)
  show(root, data)
  root.dataset.step = data.step
  root.dataset.waiting = desk.queue.length
}

// On a phone the list of pages lies over the page that was chosen from it.
function closeDrawer() {
  if (window.innerWidth > NARROW_PX) return
  document.querySelector('[data-testid="stSidebar"][aria-expanded="true"] [data-testid="stSidebarCollapseButton"] button')?.click()
}

function show(root, data) {
  showChips(root, data)
  showActions(root, data)
  showTray(root, data)
}

function build(root, data) {
  root.row = data.groups.map(group => group.id).join()
  const actions = [
    ["undo", "Undo", () => desk.command({ kind: "undo", path: "" })],
    ["redo", "Redo", () => desk.command({ kind: "redo", path: "" })],
    ["reset", "Start again", () => desk.command({ kind: "reset", path: "" })],
    ["keep", "Compare", () => desk.command({ kind: "keep", path: "" })],
    ["link", "Copy link", event => copyLink(event.currentTarget)],
  ].map(([name, text, onclick]) => make("button", { type: "button", className: `action ${name}`, onclick, title: text, ariaLabel: text }, icon(name), make("span", { textContent: text })))
  const chips = data.groups.map(group => make("button", {
    type: "button", className: "chip", onclick: () => toggle(root, group.id), "data-group": group.id,
    "aria-expanded": "false", "aria-controls": "cutwise-tray",
  }, make("small"), make("b")))
  const tray = make("section", { className: "tray", hidden: true, id: "cutwise-tray", ariaLabel: "Fields" })
  tray.onkeydown = event => { // braces: a handler that returns false cancels the key
    if (event.key === "Escape") { toggle(root, desk.open); at(root, "data-group", tray.group)?.focus() }
  }
  root.replaceChildren(make("div", { className: "row" }, make("div", { className: "chips", role: "group", ariaLabel: "Scenario" }, ...chips), make("div", { className: "actions", role: "group", ariaLabel: "Question" }, ...actions)), tray)
}

function toggle(root, id) {
  desk.open = desk.open === id ? null : id
  desk.isMore = false
  show(root, desk.data)
  window.cutwiseBreakEvens?.tell()
  if (desk.open) at(root, "data-group", id)?.scrollIntoView({ block: "nearest", inline: "nearest" })
}

// The tray is made anew when other fields stand in it, and what has the focus keeps it.
function showTray(root, data) {
  const tray = root.querySelector(".tray"), group = data.groups.find(one => one.id === desk.open)
  tray.hidden = !group
  tray.group = desk.open ?? tray.group
  if (!group) { tray.made = ""; tray.replaceChildren(); return }
  const whose = group.fields.find(field => field.whose)?.whose
  if (!whose && desk.whose !== "all") desk.whose = "all"
  const isOne = whose && desk.whose === "one"
  const fields = group.fields.filter(field => (!whose || Boolean(field.whose) === Boolean(isOne)) && (desk.isMore || !field.more || data.refused[field.path]))
  const made = JSON.stringify([group.id, desk.isMore, desk.whose, whose, fields.map(field => [field.path, field.kind, field.label, field.choices])])
  if (tray.made !== made) { tray.made = made; fillTray(root, tray, group, fields, whose) }
  for (const field of fields) showField(at(tray, "data-field", field.path), field, data.refused[field.path], data.notes[field.path])
}

function fillTray(root, tray, group, fields, whose) {
  const focused = root.getRootNode().activeElement?.dataset?.path
  const old = new Map([...tray.querySelectorAll(".field")].map(box => [box.dataset.field, box]))
  const again = field => {
    const box = old.get(field.path), isSame = box && box.spec.kind === field.kind && JSON.stringify(box.spec.choices) === JSON.stringify(field.choices)
    return isSame ? box : newField(field)
  }
  const close = make("button", { type: "button", className: "close", textContent: "Done", onclick: () => toggle(root, group.id) })
  const parts = [make("div", { className: "grip" }, make("b", { textContent: group.title }), close)]
  if (whose) parts.push(whoseButtons(root, whose))
  parts.push(make("div", { className: "fields" }, ...fields.map(again).flatMap(box => box.search ? [box, box.search.told] : [box])), foot(root, group))
  tray.replaceChildren(...parts)
  if (focused) at(tray, "data-path", focused)?.focus()
}

function whoseButtons(root, whose) {
  const one = (name, text) => make("button", { type: "button", textContent: text, "aria-pressed": String(desk.whose === name), onclick: () => { desk.whose = name; show(root, desk.data) } })
  return make("div", { className: "buttons whose", role: "group", ariaLabel: "Whose values" }, one("all", "All devices"), one("one", `${whose} only`))
}

// Where else the group is edited: its page, the reader's own files, and the fields that are seldom changed.
function foot(root, group) {
  const more = group.fields.filter(field => field.more).length
  const found = (desk.data.pages[group.id] ?? []).map(([page, text]) => make("button", { type: "button", className: "elsewhere", textContent: text, onclick: () => desk.command({ kind: "page", path: "", value: page }) }))
  if (group.id === "model") found.unshift(make("button", { type: "button", className: "elsewhere", textContent: "Your own model…", onclick: () => document.querySelector(".st-key-open button")?.click() }))
  if (more) found.push(make("button", { type: "button", className: "more", textContent: desk.isMore ? "Fewer" : `${more} more`, "aria-expanded": String(desk.isMore), onclick: () => { desk.isMore = !desk.isMore; show(root, desk.data) } }))
  return make("div", { className: "foot" }, ...found)
}

function copyLink(button) {
  const say = text => { button.querySelector("span").textContent = text }
  const url = new URL(location.href)
  url.searchParams.set("q", desk.data.link)
  const done = () => { button.classList.add("done"); say("Copied"); setTimeout(() => { button.classList.remove("done"); say("Copy link") }, 1600) }
  if (navigator.clipboard) navigator.clipboard.writeText(url.href).then(done, () => prompt("Copy this link", url.href))
  else prompt("Copy this link", url.href)
}
