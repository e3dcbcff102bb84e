// Elements of all stories: SVG and HTML parts whose words are always text, never markup.

const NS = "http://www.w3.org/2000/svg"

function drawn(name, attributes = {}, text) {
  const made = document.createElementNS(NS, name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  if (text !== undefined) made.textContent = text
  return made
}

function element(name, { text, on = {}, ...attributes } = {}, ...children) {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "")
    else if (value !== false && value !== null) made.setAttribute(key, value)
  }
  for (const [event, act] of Object.entries(on)) made.addEventListener(event, act)
  if (text !== undefined) made.textContent = text
  made.append(...children)
  return made
}

// `data-key` says which control is which when all are drawn anew, so that the focus stays where it was.
function button(text, act, attributes = {}) {
  return element("button", { type: "button", "data-key": text, text, on: { click: act }, ...attributes })
}

function note(reply, colors) {
  const color = { good: colors.device, half: colors.text, bad: colors.cut }[reply.kind]
  return element("p", { class: "note", text: reply.text, style: `--note: ${color}` })
}

// A question whose every answer has its own reply.
function questionParts(question, answer, choose, colors) {
  const buttons = question.choices.map((choice, at) =>
    button(choice.label, () => choose(at), { "aria-pressed": String(answer === at) }),
  )
  const parts = [
    element("p", { class: "question", text: `Question: ${question.text}` }),
    element("div", { class: "line" }, ...buttons),
  ]
  if (answer !== null) parts.push(note(question.choices[answer], colors))
  return parts
}
