// Between pixels, cells and values: across from slow to fast link, up from slow to fast device.

const PAD = { left: 104, right: 14, top: 10, bottom: 46 }

function gridOf(view) {
  const width = view.stage.clientWidth
  const height = view.stage.clientHeight
  const columns = view.data.linkTexts.length
  const rows = view.data.speedTexts.length
  return {
    width,
    height,
    columns,
    rows,
    floor: height - PAD.bottom,
    right: width - PAD.right,
    cellWidth: (width - PAD.left - PAD.right) / columns,
    cellHeight: (height - PAD.top - PAD.bottom) / rows,
  }
}

const cutAt = (view, column, row) => view.best[row * view.grid.columns + column]
const delayAt = (view, column, row) => view.delays[row * view.grid.columns + column]

function cellAt(view, x, y) {
  const { grid } = view
  const column = Math.floor((x - PAD.left) / grid.cellWidth)
  const row = Math.floor((grid.floor - y) / grid.cellHeight)
  const inside = column >= 0 && row >= 0 && column < grid.columns && row < grid.rows
  return inside ? { column, row } : null
}

const middleOf = (view, { column, row }) => [
  PAD.left + (column + 0.5) * view.grid.cellWidth,
  view.grid.floor - (row + 0.5) * view.grid.cellHeight,
]

const pointAt = (view, [across, up]) => [
  PAD.left + across * (view.grid.right - PAD.left),
  view.grid.floor - up * (view.grid.floor - PAD.top),
]

function cellOf(view, [across, up]) {
  const { columns, rows } = view.grid
  const within = (share, count) => Math.min(count - 1, Math.max(0, Math.floor(share * count)))
  return { column: within(across, columns), row: within(up, rows) }
}

function unpackedMap(text, Type) {
  const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0))
  return new Type(bytes.buffer)
}
