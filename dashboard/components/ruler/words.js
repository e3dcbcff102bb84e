// Quantities as the page writes them (dashboard/format.py; a test compares the two).
const PREFIX = [[1e15, "P"], [1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""], [1e-3, "m"], [1e-6, "µ"], [1e-9, "n"]]

function figures(value) {
  if (Math.abs(value) >= 999.5) return Math.round(value).toLocaleString("en-US")
  return String(Number(value.toPrecision(3)))
}

function quantityText(value, unit) {
  if (!value) return `0 ${unit}`
  const [factor, prefix] = PREFIX.find(([factor]) => Math.abs(value) >= 0.9995 * factor) ?? PREFIX.at(-1)
  return `${figures(value / factor)} ${prefix}${unit}`
}

function secondsText(value) {
  if (value < 120) return quantityText(value, "s")
  if (Math.round(value) < 3600) return `${Math.floor(Math.round(value) / 60)} min ${Math.round(value) % 60} s`
  if (value < 172800) {
    const minutes = Math.round(value / 60)
    return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
  }
  const days = value / 86400
  return `${days >= 999.5 && days < 1e6 ? Math.round(days) : figures(days)} days`
}

// The unit of the delay axis, and its seconds.
function durationScale(valueS) {
  if (valueS >= 172800) return [86400, "days"]
  if (valueS >= 1e4) return [3600, "h"]
  if (valueS >= 0.1 || valueS <= 0) return [1, "s"]
  const [factor, prefix] = PREFIX.find(([factor]) => valueS >= 0.9995 * factor) ?? PREFIX.at(-1)
  return [factor, `${prefix}s`]
}

// Against the best: percent, from twice on as a multiple.
function againstText(value, best) {
  if (!best) return ""
  const ratio = value / best
  if (ratio >= 2) return `${figures(ratio)} × the best`
  const percent = 100 * (ratio - 1)
  if (Math.abs(percent) < 0.005) return "as the best"
  return `${percent > 0 ? "+" : "−"}${figures(Number(Math.abs(percent).toFixed(2)))} %`
}

const cutName = (data, at) => data.names[at] || data.cuts[at]

function cutTitle(data, at) {
  const name = cutName(data, at)
  if (name === "all on device") return "All on the device"
  if (name === "all on server") return "All on the server"
  return `Cut after ${name}`
}

// What a screen reader hears of a position.
function spokenPosition(data, at) {
  const parts = [cutTitle(data, at)]
  if (data.state[at] === ENDLESS) return `${parts[0]}: never ends`
  parts.push(secondsText(data.totalS[at]))
  if (at !== data.best) parts.push(againstText(data.totalS[at], data.totalS[data.best]))
  else parts.push(data.words.best)
  if (at === data.chosen && data.pinned) parts.push("pinned")
  parts.push(`${quantityText(data.bytes[at], "B")} sent up`)
  if (data.state[at] === BREAKS) parts.push(`breaks the limit of ${data.limits[data.broken[at] - 1]}`)
  return parts.join(", ")
}
