// The picture: regions, lines and names, both axes, the present point and the point looked at.

const CHIP = { font: "600 12.5px", half: 12, gap: 14 }

// All but the point looked at is drawn once and kept: a pointer that moves copies it.
function paintMap(view) {
  if (!view.stage.clientWidth) return
  view.grid = gridOf(view)
  view.base = document.createElement("canvas")
  const context = sized(view.base, view.grid)
  const font = getComputedStyle(view.root).fontFamily
  inFrame(view, context, () => {
    paintRegions(view, context)
    paintTicks(view, context)
    paintBorders(view, context)
  })
  context.textBaseline = "middle"
  view.marks = markedPlaces(view, context, font)
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
  view.names = placedNames(view, context)
  for (const { text, ink, x, y } of view.names) {
    context.fillStyle = ink
    context.fillText(text, x, y)
  }
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
    context.fillText(text, grid.left - 8, y)
    above = y - 16
  }
  context.font = `600 12.5px ${font}`
  context.textAlign = "center"
  context.fillText(`${data.across.title} →`, (grid.left + grid.right) / 2, grid.floor + 35)
  context.save()
  context.translate(9, (grid.top + grid.floor) / 2)
  context.rotate(-Math.PI / 2)
  context.fillText(`${data.up.title} →`, 0, 0)
  context.restore()
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
  const moves = data.moves.map(([share, text]) => {
    const [moveX, moveY] = data.alongAcross ? [acrossPx(view, share), y] : [x, upPx(view, share)]
    const half = context.measureText(text).width / 2 + 6
    const middleX = Math.min(grid.right - half, Math.max(grid.left + half, moveX))
    return { left: middleX - half, right: middleX + half, top: moveY + 8, bottom: moveY + 28, text, x: moveX, y: moveY }
  })
  const found = [point, chip]
  for (const move of moves) found.push(found.some(mark => overlap(mark, move)) ? { ...move, text: "" } : move)
  return found
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

function paintChip(view, context, font, { left, right, top, bottom, text }, line) {
  const { colors } = view.data
  context.fillStyle = colors.background
  context.strokeStyle = line
  context.lineWidth = 1.5
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
