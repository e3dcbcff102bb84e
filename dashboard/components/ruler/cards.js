// The top lane: blocks as cards in the colours of who runs them, what is private hatched.
const NAME_SIZE = 12, UNDER_SIZE = 11, NAMED = 62, JOINED = 3

function drawCards(svg, view) {
  const { data } = view
  const groups = foldedCards(data.cards, view.unit)
  const ticks = []
  for (const group of groups) {
    const pieces = tierPieces(group, data.tiers)
    const gap = Math.min(2, ((group.to - group.from) * view.unit) / 8)
    for (const piece of pieces) {
      const left = view.x(piece.from) + (piece.from === group.from ? gap : 0)
      const right = view.x(piece.to) - (piece.to === group.to ? gap : 0)
      svg.append(svgEl("rect", {
        class: "card", x: left, y: view.cardsTop, width: Math.max(0.5, right - left), height: view.cardsHeight,
        rx: Math.min(6, (right - left) / 3), fill: data.colors[piece.color],
      }))
    }
    for (const inner of group.inner) if (group.inner.length < 200) ticks.push(`M${view.x(inner)} ${view.cardsTop}v${view.cardsHeight}`)
  }
  if (ticks.length) svg.append(svgEl("path", { d: ticks.join(""), stroke: data.colors.background, opacity: 0.35 }))
  drawPrivate(svg, view)
  for (const group of groups) nameCard(svg, view, group)
}

function drawPrivate(svg, view) {
  const { data } = view
  if (!data.privateTo) return
  svg.append(svgEl("rect", {
    class: "private", x: view.x(0), y: view.cardsTop, width: view.x(data.privateTo) - view.x(0),
    height: view.cardsHeight, rx: 6, fill: "url(#hatch-private)",
  }))
}

function nameCard(svg, view, group) {
  const pieces = tierPieces(group, view.data.tiers)
  const widest = pieces.reduce((one, other) => (other.to - other.from > one.to - one.from ? other : one))
  const room = (widest.to - widest.from) * view.unit - 10
  const label = fittedName(view, group.name, room)
  const color = view.data.colors[widest.color], ink = inkOn(color)
  const middle = view.cardsTop + view.cardsHeight / 2
  const centre = view.x((widest.from + widest.to) / 2)
  const under = label ? underName(group) : opsText(group.ops)
  const hasUnder = view.widthOf(under, UNDER_SIZE) <= room
  const style = `fill:${ink};stroke:${color}`
  if (label) svg.append(svgEl("text", { class: "on-card", x: centre, y: middle + (hasUnder ? -2 : 4), "font-size": NAME_SIZE, "font-weight": 600, style }, label))
  if (hasUnder) svg.append(svgEl("text", { class: "on-card", x: centre, y: middle + (label ? 13 : 4), "font-size": UNDER_SIZE, style }, under))
}

function underName(group) {
  if (group.times > 1) return group.isSame ? `${group.times} × the same` : `${group.times} blocks`
  return opsText(group.ops)
}

const opsText = count => (count === 1 ? "1 op" : `${count.toLocaleString("en-US")} ops`)

// Neighbours with the same structure, or of the same kind of name, share a card where theirs are narrow.
function foldedCards(cards, unit) {
  const found = []
  cards.name.forEach((name, at) => {
    const card = { name, stem: stemOf(name), kind: cards.kind[at], from: cards.from[at], to: cards.to[at], ops: cards.ops[at], times: 1, isSame: true, inner: [] }
    const last = found.at(-1), room = (card.to - card.from) * unit
    const lastRoom = last ? ((last.to - last.from) / last.times) * unit : 0
    const alike = last && room < NAMED && lastRoom < NAMED && (last.kind === card.kind || (last.stem && last.stem === card.stem))
    const hairs = last && room < JOINED && lastRoom < JOINED
    if (alike || hairs) Object.assign(last, joined(last, card))
    else found.push(card)
  })
  return found
}

const joined = (last, card) => ({
  to: card.to, ops: last.ops + card.ops, times: last.times + 1, inner: [...last.inner, card.from],
  isSame: last.isSame && last.kind === card.kind,
  name: last.stem && last.stem === card.stem ? `${last.stem}${firstNumber(last.name)}–${lastNumber(card.name)}` : last.name,
  stem: last.stem === card.stem ? last.stem : "",
})

// "layers/3" and "layers/4–6" are numbers of one list, which "layers/" stands for.
const NUMBERED = /^(.*?)(\d+[a-z]?)(?:–(\d+[a-z]?))?$/
const stemOf = name => name.match(NUMBERED)?.[1] ?? ""
const firstNumber = name => name.match(NUMBERED)[2]
const lastNumber = name => name.match(NUMBERED)[3] ?? firstNumber(name)

// A group by who runs it: the tiers change at the cuts.
function tierPieces(group, tiers) {
  const pieces = []
  let from = group.from
  for (const tier of tiers) {
    const to = Math.min(group.to, tier.to)
    if (to > from) { pieces.push({ from, to, color: tier.color }); from = to }
  }
  return pieces.length ? pieces : [{ from: group.from, to: group.to, color: tiers.at(-1).color }]
}

// The whole name, else the end of its path, else what fits of that with its number; nothing if that says nothing.
function fittedName(view, name, room) {
  const fits = text => view.widthOf(text, NAME_SIZE, 600) <= room
  const parts = name.split(/[/.]/), end = parts.at(-1)
  const isNumber = parts.length > 1 && /^[\d–]+$/.test(end)
  const tail = isNumber ? parts.slice(-2).join("/") : end
  const list = isNumber && end.includes("–") ? parts.at(-2) : ""
  const found = [name, parts.slice(-2).join("/"), tail, list].find(text => text && fits(text))
  if (found) return found
  const word = isNumber ? parts.at(-2) : end.match(NUMBERED)?.[1] ?? end
  for (let kept = word.length - 1; kept >= 3; kept--) {
    const short = `${word.slice(0, kept)}…${tail.slice(word.length)}`
    if (fits(short)) return short
  }
  return isNumber && fits(`…/${end}`) ? `…/${end}` : ""
}
