// The picture: regions, their borders and names, both axes, the present point and the point looked at.

// All but the point looked at is drawn once and kept: a pointer that moves copies it.
function paintMap(view) {
  if (!view.stage.clientWidth) return
  view.grid = gridOf(view)
  view.base = document.createElement("canvas")
  const context = sized(view.base, view.grid)
  const font = getComputedStyle(view.root).fontFamily
  paintRegions(view, context)
  paintBorders(view, context)
  context.font = `600 13px ${font}`
  context.textAlign = "center"
  context.textBaseline = "middle"
  view.names = placedNames(view, context)
  for (const { text, ink, x, y } of view.names) {
    context.fillStyle = ink
    context.fillText(text, x, y)
  }
  paintAxes(view, context, font)
  paintHere(view, context, font)
  paintCursor(view)
}

function sized(canvas, { width, height }) {
  const scale = devicePixelRatio || 1
  canvas.width = Math.round(width * scale)
  canvas.height = Math.round(height * scale)
  const context = canvas.getContext("2d")
  context.setTransform(scale, 0, 0, scale, 0, 0)
  return context
}

function paintRegions(view, context) {
  const { grid, data } = view
  for (let row = 0; row < grid.rows; row++) {
    const top = Math.floor(grid.floor - (row + 1) * grid.cellHeight)
    const height = Math.ceil(grid.cellHeight) + 1
    for (let column = 0, from = 0; column < grid.columns; column++) {
      const cut = cutAt(view, column, row)
      if (column + 1 < grid.columns && cutAt(view, column + 1, row) === cut) continue
      const left = PAD.left + from * grid.cellWidth
      context.fillStyle = data.regions[cut]?.fill ?? data.colors.surface
      context.fillRect(left, top, (column + 1 - from) * grid.cellWidth + 0.5, height)
      from = column + 1
    }
  }
}

function paintBorders(view, context) {
  const { grid } = view
  context.strokeStyle = view.data.colors.background
  context.lineWidth = 1.5
  context.beginPath()
  for (let row = 0; row < grid.rows; row++) {
    for (let column = 0; column < grid.columns; column++) {
      const x = PAD.left + column * grid.cellWidth
      const y = grid.floor - row * grid.cellHeight
      const cut = cutAt(view, column, row)
      if (column && cut !== cutAt(view, column - 1, row)) context.rect(x, y - grid.cellHeight, 0, grid.cellHeight)
      if (row && cut !== cutAt(view, column, row - 1)) context.rect(x, y, grid.cellWidth, 0)
    }
  }
  context.stroke()
}

function paintAxes(view, context, font) {
  const { grid, data } = view
  const { across, up, colors } = data
  context.font = `400 12px ${font}`
  context.fillStyle = colors.ink
  const room = 74
  let free = -Infinity
  for (const [share, text] of across.ticks) {
    const x = Math.min(PAD.left + share * (grid.right - PAD.left), grid.right - 26)
    if (x < free) continue
    context.fillText(text, x, grid.floor + 14)
    free = x + room
  }
  context.fillText(`${across.title} →`, (PAD.left + grid.right) / 2, grid.floor + 34)
  context.textAlign = "right"
  for (const [share, text] of up.ticks) {
    context.fillText(text, PAD.left - 8, Math.max(grid.floor - share * (grid.floor - PAD.top), PAD.top + 7))
  }
  context.save()
  context.translate(8, (PAD.top + grid.floor) / 2)
  context.rotate(-Math.PI / 2)
  context.textAlign = "center"
  context.fillText(`${up.title} →`, 0, 0)
  context.restore()
}

function paintHere(view, context, font) {
  const { colors, here } = view.data
  const [x, y] = pointAt(view, here)
  const text = "you are here"
  context.font = `650 12.5px ${font}`
  const width = context.measureText(text).width + 16
  const left = x + 14 + width > view.grid.width ? x - 14 - width : x + 14
  context.fillStyle = colors.cut
  context.strokeStyle = colors.background
  context.lineWidth = 3
  context.beginPath()
  context.arc(x, y, 7.5, 0, 7)
  context.stroke()
  context.fill()
  context.beginPath()
  context.roundRect(left, y - 11, width, 22, 11)
  context.fill()
  context.fillStyle = colors.cutInk
  context.textAlign = "left"
  context.fillText(text, left + 8, y + 0.5)
}

function paintCursor(view) {
  const { colors } = view.data
  const context = sized(view.canvas, view.grid)
  context.drawImage(view.base, 0, 0, view.grid.width, view.grid.height)
  if (!view.cursor) return
  const [x, y] = middleOf(view, view.cursor)
  for (const [color, width] of [[colors.background, 5], [colors.ink, 2]]) {
    context.strokeStyle = color
    context.lineWidth = width
    context.beginPath()
    context.arc(x, y, 9, 0, 7)
    context.stroke()
  }
}
