// Story 2: drag the rate, say how many cuts are ever the best, see the lower edge.

const STEPS = 1000

export default function ({ data, parentElement }) {
  const first = { rate: data.rate, guess: null, answer: null }
  return staged(parentElement, data, first, stage => {
    stage.picture.replaceChildren(linesPicture(stage))
    stage.side.replaceChildren(...rateWords(stage))
  })
}

function rateWords(stage) {
  const { data, at } = stage
  const parts = [
    element("h3", { text: at.guess === null ? "Predict: where does the cut move?" : "Only the lowest line counts" }),
    element("p", {
      text:
        "Each line is one cut: it starts at what does not depend on the uplink and climbs with the bits it " +
        "sends up. Drag the rate and watch which line is the lowest.",
    }),
    ...rateControl(stage),
  ]
  return [...parts, ...(at.guess === null ? guessParts(stage) : afterGuess(stage))]
}

function rateControl(stage) {
  const { data, at } = stage
  const total = element("p", { class: "total" })
  const range = element("input", {
    type: "range", min: 0, max: STEPS, "data-key": "rate", "aria-label": "Uplink rate",
  })
  const tell = () => {
    const line = data.lines[lowestAt(data, at.rate)]
    total.textContent = rateText(at.rate)
    range.setAttribute("aria-valuetext", `${rateText(at.rate)}: ${line.name}, ${threeFigures(secondsOf(line, at.rate))} s`)
  }
  range.value = Math.round((STEPS * Math.log(data.high / at.rate)) / Math.log(data.high / data.low))
  range.addEventListener("input", () => {
    at.rate = data.high * (data.low / data.high) ** (range.value / STEPS)
    stage.picture.replaceChildren(linesPicture(stage))
    tell()
  })
  tell()
  return [total, range]
}

const rateText = rate =>
  rate >= 0.9995e9 ? `${threeFigures(rate / 1e9)} Gbit/s` : `${threeFigures(rate / 1e6)} Mbit/s`

function guessParts(stage) {
  const { data } = stage
  const guess = at => {
    stage.go({ guess: at }, data.guesses[at].text)
    keyed(stage.root, data.question.choices[0].label)?.focus()
  }
  return [
    element("p", { class: "question", text: `Of ${data.lines.length} cuts, how many are the best at some rate?` }),
    element("div", { class: "line" }, ...data.guesses.map(({ label }, at) => button(label, () => guess(at)))),
  ]
}

function afterGuess(stage) {
  const { data, at } = stage
  const answered = answer => stage.go({ answer }, data.question.choices[answer].text)
  return [
    note(data.guesses[at.guess], data.colors),
    ...questionParts(data.question, at.answer, answered, data.colors),
    button("Start the story again", () => {
      stage.go({ rate: data.rate, guess: null, answer: null }, "From the start")
      keyed(stage.root, "rate")?.focus()
    }),
  ]
}
