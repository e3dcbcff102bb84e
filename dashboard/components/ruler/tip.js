// What a cut costs, part by part, beside the pointer.
function tipRow(name, text, color) {
  const row = htmlEl("div", "row")
  if (color) { const dot = htmlEl("i"); dot.style.background = color; row.append(dot) }
  row.append(htmlEl("span", "what", name), htmlEl("span", "value", text))
  return row
}

function fillTip(tip, data, at) {
  const endless = data.state[at] === ENDLESS
  const rows = [htmlEl("b", "", cutTitle(data, at))]
  if (!endless) {
    for (const part of data.parts) rows.push(tipRow(part.name, secondsText(part.seconds[at]), part.color))
    rows.push(htmlEl("hr"))
  }
  rows.push(tipRow(data.words.turn, endless ? "never ends" : secondsText(data.totalS[at])))
  if (data.roundS && !endless) rows.push(tipRow(data.words.all, secondsText(data.roundS[at])))
  rows.push(tipRow(data.words.sent, quantityText(data.bytes[at], "B")))
  if (at !== data.best && !endless) rows.push(tipRow("Against the best", againstText(data.totalS[at], data.totalS[data.best])))
  if (data.state[at] === BREAKS) rows.push(htmlEl("div", "limit", `Breaks the limit of ${data.limits[data.broken[at] - 1]}.`))
  const hint = tipHint(data, at)
  if (hint) rows.push(htmlEl("div", "hint", hint))
  tip.replaceChildren(...rows)
}

function tipHint(data, at) {
  if (!data.canPin) return ""
  if (at === data.chosen) return data.pinned ? "Pinned; Escape returns to the plan's own cut." : ""
  return at === data.planned && data.pinned ? "Click or Enter returns to the plan's own cut." : data.pinsAll ? "Click or Enter pins this cut for every device." : "Click or Enter pins this cut."
}

function placeTip(tip, view, at) {
  const right = view.barStart(at) + view.unit + 12
  const left = view.barStart(at) - tip.offsetWidth - 12
  const x = right + tip.offsetWidth <= view.width ? right : left >= 0 ? left : Math.max(0, view.width - tip.offsetWidth)
  tip.style.left = `${x}px`
  tip.style.top = `${Math.max(0, Math.min(view.pillTop, view.height - tip.offsetHeight))}px`
}
