// What every control shows: the question's value; a value of its own only while its command waits or it is typed.
function shownValue(box) {
  const { spec } = box
  const waiting = desk.waiting(spec.sentPath ?? spec.path)
  if (box.dragged !== undefined) return box.dragged
  if (!waiting) return spec.value
  if (spec.sent) return waiting.value?.kind ?? spec.value
  const isOfKind = spec.kind === "slider" ? typeof waiting.value === "number" : !["entry", "fleet"].includes(spec.kind)
  return isOfKind ? waiting.value : spec.value
}

function showField(box, field, refused, note) {
  box.spec = field
  if (field.kind === "note") { box.querySelector(".note").textContent = field.label; return }
  const value = shownValue(box)
  showEntry(box, field, refused)
  if (box.search) showSearch(box, value)
  const range = box.querySelector("input[type=range]"), select = box.querySelector("select")
  if (range && box.dragged === undefined) {
    range.value = placeOf(field, value)
    range.classList.toggle("none", value === null)
    fill(range)
    range.setAttribute("aria-valuetext", field.text || field.placeholder || "")
  }
  showBreakEvens(box, field)
  if (select) select.value = field.mixed && value === field.value ? "" : String(field.choices.findIndex(([name]) => name === value))
  const isPicked = button => Array.isArray(value) ? value.includes(button.choice) : !field.mixed && button.choice === value
  for (const button of box.querySelectorAll(".buttons button")) button.setAttribute("aria-pressed", String(isPicked(button)))
  box.classList.toggle("wrong", Boolean(refused))
  box.classList.toggle("told", Boolean(note) && !refused)
  const why = box.querySelector(".why"), reason = refused?.reason ?? note ?? ""
  if (why.textContent !== reason) why.textContent = reason
}

function showEntry(box, field, refused) {
  const entry = box.querySelector(".entry")
  if (!entry || box.typed !== undefined) return
  const waiting = desk.waiting(field.path)
  const isWaiting = waiting && typeof waiting.value === "string" && waiting.kind !== "scale"
  entry.shown = isWaiting ? waiting.value : refused ? refused.text : field.text
  if (entry.value !== entry.shown) entry.value = entry.shown
  entry.placeholder = field.placeholder ?? ""
  entry.setAttribute("aria-invalid", String(Boolean(refused)))
}

function showChips(root, data) {
  for (const chip of root.querySelectorAll(".chip")) {
    const group = data.groups.find(one => one.id === chip.dataset.group)
    const summary = chip.querySelector("b"), title = chip.querySelector("small")
    if (summary.textContent !== group.summary) summary.textContent = group.summary
    if (title.textContent !== group.title) title.textContent = group.title
    const isWrong = group.fields.some(field => data.refused[field.path])
    chip.classList.toggle("edited", group.edited)
    chip.classList.toggle("wrong", isWrong)
    chip.title = group.summary
    chip.setAttribute("aria-expanded", String(desk.open === group.id))
    chip.setAttribute("aria-label", `${group.title}: ${group.summary}${group.edited ? ", changed" : ""}${isWrong ? ", something was refused" : ""}`)
  }
}

function showActions(root, data) {
  const say = (name, what, text, keys) => {
    const button = root.querySelector(`.${name}`)
    button.disabled = !what
    button.title = what ? `${text}: ${what}${keys ? ` (${keys})` : ""}` : text
  }
  say("undo", data.undo, "Undo", "Ctrl+Z")
  say("redo", data.redo, "Redo", "Ctrl+Shift+Z")
  say("reset", data.canReset ? "everything as at first" : "", "Start again", "")
  root.querySelector(".link").disabled = !data.link
  root.querySelector(".keep span").textContent = data.kept ? `Compare (${data.kept})` : "Compare"
}
