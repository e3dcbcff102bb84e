// Reads the packed geometry: nodes, edges and frames as typed arrays and plain objects.

function unpacked(base64, ArrayType) {
  const text = atob(base64)
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at)
  return new ArrayType(bytes.buffer)
}

function readGeometry(packed) {
  const { nodes, edges, metrics } = packed
  const geometry = {
    digest: packed.digest,
    metrics,
    names: nodes.id,
    labels: nodes.label,
    subLabels: nodes.subLabel,
    details: nodes.detail,
    column: unpacked(nodes.column, Int32Array),
    innerX: unpacked(nodes.x, Float32Array),
    innerY: unpacked(nodes.y, Float32Array),
    width: unpacked(nodes.width, Float32Array),
    height: unpacked(nodes.height, Float32Array),
    block: unpacked(nodes.block, Int32Array),
    producer: unpacked(edges.producer, Int32Array),
    reader: unpacked(edges.reader, Int32Array),
    wayOut: unpacked(edges.wayOut, Int32Array),
    wayIn: unpacked(edges.wayIn, Int32Array),
    points: unpacked(edges.points, Float32Array),
    frames: packed.frames.map(frame => ({ ...frame, low: [], high: [], hops: [] })),
  }
  geometry.stations = Array.from(geometry.producer, (_, edge) => stationsOf(geometry, edge))
  measureColumns(geometry)
  return geometry
}

// The places an edge passes: its producer, the points on the way out and in, its reader.
function stationsOf(geometry, edge) {
  const { producer, reader, block, column, innerY, points, wayOut, wayIn } = geometry
  const from = producer[edge], to = reader[edge]
  const stations = [{ frame: block[from], column: column[from], y: innerY[from], node: from }]
  for (const [way, frame] of [[wayOut, block[from]], [wayIn, block[to]]])
    for (let at = way[2 * edge]; at < way[2 * edge + 1]; at++)
      stations.push({ frame, column: points[2 * at], y: points[2 * at + 1], node: -1 })
  stations.push({ frame: block[to], column: column[to], y: innerY[to], node: to })
  return stations
}

// How far each column of each open frame reaches up and down, and which edges step across each gap.
function measureColumns(geometry) {
  const reach = (frame, column, y, half) => {
    frame.low[column] = Math.min(frame.low[column] ?? Infinity, y - half)
    frame.high[column] = Math.max(frame.high[column] ?? -Infinity, y + half)
  }
  for (let node = 0; node < geometry.column.length; node++)
    reach(geometry.frames[geometry.block[node]], geometry.column[node], geometry.innerY[node], geometry.height[node] / 2)
  for (const stations of geometry.stations)
    stations.forEach((station, at) => {
      const frame = geometry.frames[station.frame], next = stations[at + 1]
      if (station.node < 0 && station.column >= 0 && station.column < frame.columns) reach(frame, station.column, station.y, 4)
      if (next && next.frame === station.frame && next.column === station.column + 1 && next.column > 0 && next.column < frame.columns) {
        const hops = (frame.hops[next.column] ??= new Map())
        hops.set(hopKey(station, next), [station.y, next.y])
      }
    })
  for (const frame of geometry.frames)
    for (const hops of Object.values(frame.hops)) {
      const ranked = [...hops].sort(([, a], [, b]) => a[0] - b[0] || a[1] - b[1])
      ranked.forEach(([key], place) => hops.set(key, place))
    }
}

function hopKey(from, to) {
  return `${from.y}|${to.y}`
}
