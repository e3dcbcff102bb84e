// Story 1: predict what a cut costs, watch max-flow find the cheapest, see why that proves it.

const firstOf = data => ({
  side: data.best.map((_, op) => op === 0),
  typed: "",
  note: null,
  tried: false,
  step: null,
  proven: false,
  answer: null,
})

export default function ({ data, parentElement }) {
  return staged(parentElement, data, firstOf(data), stage => {
    stage.picture.replaceChildren(networkPicture(stage))
    stage.side.replaceChildren(...wordsOf(stage))
  })
}

function wordsOf(stage) {
  if (stage.at.step !== null) return flowParts(stage)
  return stage.at.proven ? proofParts(stage) : predictParts(stage)
}

function flipOp(stage, op) {
  const { at, data } = stage
  if (op === 0 || at.step !== null) return
  const side = at.side.slice()
  side[op] = !side[op]
  stage.go({ side, note: null }, `${data.ops[op]} is on the ${side[op] ? "device" : "server"}`)
}
