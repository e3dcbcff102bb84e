// The picture: regions, lines and names, both axes, the present point and the point looked at.

const CHIP = { font: "600 12.5px", half: 12, gap: 14 }

// All but the point looked at is drawn once and kept: a pointer that moves copies it.
function paintMap(view) {
  if (!view.stage.clientWidth) return
  const font = getComputedStyle(view.root).fontFamily
  view.base = document.createElement("canvas")
  view.grid = gridOf(view, widestTick(view, font))
  const context = sized(view.base, view.grid)
  inFrame(view, context, () => {
    paintRegions(view, context)
    paintTicks(view, context)
    paintBorders(view, context)
  })
  context.textBaseline = "middle"
  view.marks = markedPlaces(view, context, font)
  view.taken = [...view.marks, ...guideBoxes(view)]
  paintNames(view, context, font)
  paintAxes(view, context, font)
  paintHere(view, context, font)
  paintCursor(view)
  view.root.dataset.stamp = view.data.stamp
}

function sized(canvas, { width, height }) {
  const scale = devicePixelRatio || 1
  canvas.width = Math.round(width * scale)
  canvas.height = Math.round(height * scale)
  const context = canvas.getContext("2d")
  context.setTransform(scale, 0, 0, scale, 0, 0)
  return context
}

function inFrame({ grid }, context, paint) {
  context.save()
  context.beginPath()
  context.rect(grid.left, grid.top, grid.right - grid.left, grid.floor - grid.top)
  context.clip()
  paint()
  context.restore()
}

function paintNames(view, context, font) {
  context.font = `600 13px ${font}`
  context.textAlign = "center"
  view.names = placedNames(view, context, font)
  for (const { text, kept, ink, x, y } of view.names) {
    context.fillStyle = ink
    context.font = `600 13px ${font}`
    context.fillText(text, x, kept ? y - LINE / 2 : y)
    context.font = `400 12px ${font}`
    context.fillText(kept, x, y + LINE / 2)
  }
  for (const callout of view.callouts) paintLeader(view, context, callout)
  for (const callout of view.callouts) paintChip(view, context, font, callout, view.data.colors.ink, 1)
}

function paintLeader(view, context, { anchor, fill, left, right, top, bottom }) {
  const { colors } = view.data
  const end = [Math.min(right, Math.max(left, anchor[0])), Math.min(bottom, Math.max(top, anchor[1]))]
  for (const [color, width] of [[colors.background, 4], [colors.ink, 1.5]]) {
    context.strokeStyle = color
    context.lineWidth = width
    stroked(context, anchor, end)
  }
  circle(context, anchor, 3, fill, colors.ink, 1.5)
}

function stroked(context, from, to) {
  context.beginPath()
  context.moveTo(...from)
  context.lineTo(...to)
  context.stroke()
}

function paintTicks(view, context) {
  const { grid, data } = view
  context.strokeStyle = data.colors.background
  context.globalAlpha = 0.22
  context.lineWidth = 1
  for (const [share] of data.across.ticks) stroked(context, [acrossPx(view, share), grid.top], [acrossPx(view, share), grid.floor])
  for (const [share] of data.up.ticks) stroked(context, [grid.left, upPx(view, share)], [grid.right, upPx(view, share)])
  context.globalAlpha = 1
}

function paintAxes(view, context, font) {
  const { grid, data } = view
  context.font = `400 12px ${font}`
  context.fillStyle = data.colors.ink
  context.textAlign = "center"
  let free = -Infinity
  for (const [share, text] of data.across.ticks) {
    const half = context.measureText(text).width / 2
    const x = Math.min(acrossPx(view, share), grid.width - half - 2)
    if (x - half < free) continue
    context.fillText(text, x, grid.floor + 14)
    free = x + half + 10
  }
  context.textAlign = "right"
  let above = Infinity
  for (const [share, text] of data.up.ticks) {
    const y = Math.max(upPx(view, share), grid.top + 7)
    if (y > above) continue
    context.fillText(bareTick(data.up, text), grid.left - 8, y)
    above = y - 16
  }
  context.font = `600 12.5px ${font}`
  context.textAlign = "center"
  context.fillText(`${data.across.title} →`, (grid.left + grid.right) / 2, grid.floor + 35)
  context.save()
  context.translate(9, (grid.top + grid.floor) / 2)
  context.rotate(-Math.PI / 2)
  context.fillText(`${data.up.title}${isBare(data.up) ? ` (${data.up.unit})` : ""} →`, 0, 0, grid.floor - grid.top)
  context.restore()
}

// The unit stands once beside the axis, so that the map has the width of its ticks.
const isBare = ({ unit, ticks }) => unit && ticks.every(([, text]) => text.endsWith(unit))
const bareTick = (axis, text) => (isBare(axis) ? text.slice(0, -axis.unit.length).trim() : text)

function widestTick(view, font) {
  const context = view.base.getContext("2d")
  context.font = `400 12px ${font}`
  const { up } = view.data
  return Math.max(0, ...up.ticks.map(([, text]) => context.measureText(bareTick(up, text)).width))
}

// Where the present point, its words, and the changes along its row are drawn.
function markedPlaces(view, context, font) {
  const { data, grid } = view
  if (!data.here) return []
  const [x, y] = pointPx(view, data.here)
  context.font = `${CHIP.font} ${font}`
  const width = context.measureText(data.hereText).width + 16
  const left = Math.max(grid.left + 2, x + CHIP.gap + width > grid.right ? x - CHIP.gap - width : x + CHIP.gap)
  const middle = left < x && left + width > x ? (y - 30 < grid.top + CHIP.half ? y + 30 : y - 30) : y
  const chip = { left, right: left + width, top: middle - CHIP.half, bottom: middle + CHIP.half, text: data.hereText }
  const point = { left: x - 10, right: x + 10, top: y - 10, bottom: y + 10 }
  const found = [point, chip]
  const ownShare = data.here[data.alongAcross ? 0 : 1]
  const near = [...data.moves].sort(([one], [other]) => Math.abs(one - ownShare) - Math.abs(other - ownShare))
  for (const [share, text] of near) {
    const [moveX, moveY] = data.alongAcross ? [acrossPx(view, share), y] : [x, upPx(view, share)]
    const half = context.measureText(text).width / 2 + 6
    const middleX = Math.min(grid.right - half, Math.max(grid.left + half, moveX))
    const tried = MOVE_SIDES.map(([beside, below]) => {
      const left = beside ? moveX + (beside > 0 ? 10 : -10 - 2 * half) : middleX - half
      const top = moveY + below
      return { left, right: left + 2 * half, top, bottom: top + 20, text, x: moveX, y: moveY }
    })
    const isFree = mark => mark.left >= grid.left && mark.right <= grid.right && mark.bottom < grid.floor && mark.top > grid.top && !found.some(other => overlap(other, mark))
    found.push(tried.find(isFree) ?? { ...tried[0], left: moveX - 4, right: moveX + 4, top: moveY - 4, bottom: moveY + 4, text: "" })
  }
  return found
}

// Where the value of a change is tried beside its mark: below, above, to the left, to the right.
const MOVE_SIDES = [[0, 8], [0, -28], [-1, -10], [1, -10]]

// The dashed lines through the present point, which no name lies on.
function guideBoxes({ data, grid, marks }) {
  if (!data.here) return []
  const [{ left, right, top, bottom }] = marks
  const [x, y] = [(left + right) / 2, (top + bottom) / 2]
  const level = { left: grid.left, right: data.alongAcross ? grid.right : x, top: y - 2, bottom: y + 2 }
  const upright = { left: x - 2, right: x + 2, top: data.alongAcross ? y : grid.top, bottom: grid.floor }
  return [level, upright]
}

const overlap = (one, two) =>
  one.left < two.right && one.right > two.left && one.top < two.bottom && one.bottom > two.top

function paintHere(view, context, font) {
  const { colors, here, alongAcross } = view.data
  if (!here) return
  const { grid, marks } = view
  const [x, y] = pointPx(view, here)
  context.strokeStyle = colors.cut
  context.lineWidth = 1
  context.setLineDash([4, 4])
  context.globalAlpha = 0.55
  if (alongAcross) stroked(context, [x, y], [x, grid.floor])
  else stroked(context, [grid.left, y], [x, y])
  context.globalAlpha = 1
  if (alongAcross) stroked(context, [grid.left, y], [grid.right, y])
  else stroked(context, [x, grid.top], [x, grid.floor])
  context.setLineDash([])
  const [, chip, ...moves] = marks
  for (const move of moves) paintMove(view, context, font, move)
  circle(context, [x, y], 8, colors.background, colors.cut, 3)
  circle(context, [x, y], 3, colors.cut, colors.cut, 0)
  paintChip(view, context, font, chip, colors.cut)
}

function paintMove(view, context, font, move) {
  const { colors } = view.data
  circle(context, [move.x, move.y], 4.5, colors.cut, colors.background, 1.5)
  if (move.text) paintChip(view, context, font, move, colors.background)
}

function circle(context, [x, y], radius, fill, line, width) {
  context.fillStyle = fill
  context.strokeStyle = line
  context.lineWidth = width
  context.beginPath()
  context.arc(x, y, radius, 0, 7)
  context.fill()
  if (width) context.stroke()
}

function paintChip(view, context, font, { left, right, top, bottom, text }, line, width = 1.5) {
  const { colors } = view.data
  context.fillStyle = colors.background
  context.strokeStyle = line
  context.lineWidth = width
  context.beginPath()
  context.roundRect(left, top, right - left, bottom - top, 6)
  context.fill()
  context.stroke()
  context.font = `${CHIP.font} ${font}`
  context.fillStyle = colors.ink
  context.textAlign = "center"
  context.fillText(text, (left + right) / 2, (top + bottom) / 2 + 0.5)
}

function paintCursor(view) {
  const { colors } = view.data
  const context = sized(view.canvas, view.grid)
  context.drawImage(view.base, 0, 0, view.grid.width, view.grid.height)
  if (!view.cursor) return
  const point = pointPx(view, view.cursor.shares)
  for (const [color, width] of [[colors.background, 5], [colors.ink, 2]]) {
    context.strokeStyle = color
    context.lineWidth = width
    context.beginPath()
    context.arc(...point, 9, 0, 7)
    context.stroke()
  }
}
