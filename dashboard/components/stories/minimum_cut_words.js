// Story 1's words: the prediction with its verdict, the steps of max-flow, and why they are a proof.

function predictParts(stage) {
  const { data, at } = stage
  const entry = element("input", {
    type: "text",
    inputmode: "decimal",
    "data-key": "entry",
    "aria-label": "Cost of your cut in milliseconds",
    placeholder: "ms",
    on: {
      input: () => (at.typed = entry.value),
      keydown: event => event.key === "Enter" && judge(stage),
    },
  })
  entry.value = at.typed
  const parts = [
    element("h3", { text: "Predict: find the cheapest cut" }),
    element("p", {
      text:
        "Press ops to move them between device (first number) and server (second number). A round costs what " +
        "both sides compute and what is sent between them, all in milliseconds. Then write what your cut costs.",
    }),
    element("div", { class: "line" }, entry, element("span", { text: "ms" }), button("Check", () => judge(stage), { class: "main" })),
  ]
  if (at.note) parts.push(note(at.note, data.colors))
  if (at.tried) parts.push(button("Show how max-flow finds it", () => startFlow(stage)))
  return parts
}

function judge(stage) {
  const { data, at } = stage
  const reply = replyTo(data.sides[codeOf(at.side)], at.typed)
  stage.go({ note: reply, tried: true }, reply.text)
}

function replyTo(judged, typed) {
  const text = typed.trim().replace(/\s*ms$/i, "").replace(",", ".")
  if (judged.backward.length) return judged.other
  if (text === "") return { kind: "half", text: "Write what your cut costs first; a guess is fine." }
  const number = Number(text)
  if (!Number.isFinite(number)) return { kind: "half", text: "Type a number of milliseconds, such as 20." }
  return judged.replies[String(number)] ?? judged.other
}

const codeOf = side => side.map(on => (on ? "1" : "0")).join("")

function startFlow(stage) {
  const side = stage.data.best.map((_, op) => op === 0)
  stage.go({ step: 0, note: null, side }, stage.data.steps[0].text)
  keyed(stage.root, "forward")?.focus()
}

function flowParts(stage) {
  const { data, at } = stage
  const step = data.steps[at.step]
  const isLast = at.step === data.steps.length - 1
  const move = to => {
    const ended = to === data.steps.length - 1
    const side = ended ? data.best.slice() : data.best.map((_, op) => op === 0)
    stage.go({ step: to, side }, data.steps[to].text)
  }
  const forward = () => (isLast ? showProof(stage) : move(at.step + 1))
  return [
    element("h3", { text: `Reveal: step ${at.step + 1} of ${data.steps.length}` }),
    element("p", { text: step.text }),
    element("p", { class: "total", text: `Flow so far: ${step.total} ms` }),
    ...(isLast ? [] : [element("p", { text: "A marked bar is full and takes no more." })]),
    element(
      "div",
      { class: "line" },
      button(isLast ? "Why is that the proof?" : "Next step", forward, { class: "main", "data-key": "forward" }),
      button("Back", () => move(at.step - 1), { disabled: at.step === 0 }),
    ),
  ]
}

const proof = data => [
  `${data.value} ms of flow, ${data.value} ms of cut`,
  "Every unit of flow has to pass any cut you draw, so no cut costs less than the flow. This cut costs exactly " +
    "the flow, so nothing can beat it, and nobody had to try all cuts.",
]

function showProof(stage) {
  const { question } = stage.data
  stage.go({ step: null, proven: true }, proof(stage.data).join(". "))
  keyed(stage.root, question.choices[0].label)?.focus()
}

function startAgain(stage) {
  stage.go(firstOf(stage.data), "From the start")
  keyed(stage.root, "entry")?.focus()
}

function proofParts(stage) {
  const { data, at } = stage
  const [title, text] = proof(data)
  const choose = answer => stage.go({ answer }, data.question.choices[answer].text)
  return [
    element("h3", { text: title }),
    element("p", { text }),
    ...questionParts(data.question, at.answer, choose, data.colors),
    button("Start the story again", () => startAgain(stage)),
  ]
}
