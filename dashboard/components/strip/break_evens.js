// Under a slider: which cut is best where along it, as one thin line of colours, with the values between them.
const BREAK_EVENS_PAGE = ""

function showBreakEvens(box, field) {
  if (!box.querySelector("input[type=range]")) return
  const found = desk.data?.page === BREAK_EVENS_PAGE ? window.cutwiseBreakEvens?.quantities[field.path] : undefined
  const made = found && JSON.stringify(found)
  if (box.evensMade === made) return
  box.evensMade = made
  box.querySelector(".evens")?.remove()
  if (found) box.querySelector("input[type=range]").after(newBreakEvens(found))
}

function newBreakEvens({ spans, told, exact }) {
  const parts = spans.map(({ from, to, fill, title }) => {
    const part = make("span", { className: "even", title })
    part.style.cssText = `left: ${100 * from}%; width: ${100 * (to - from)}%; background: ${fill}`
    return part
  })
  const line = make("div", { className: "line", ariaHidden: "true" }, ...parts)
  return make("div", { className: `evens${exact ? "" : " rough"}` }, line, make("small", { textContent: told, title: spans.map(one => one.title).join("; ") }))
}
