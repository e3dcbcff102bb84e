// What every part of the ruler draws with: SVG elements, packed numbers, colours of text, widths of text.
const SVG = "http://www.w3.org/2000/svg"
const FITS = 0, BREAKS = 1, ENDLESS = 2

const svgEl = (name, attributes, text) => {
  const made = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  if (text !== undefined) made.textContent = text
  return made
}

const htmlEl = (name, className, text) => {
  const made = document.createElement(name)
  if (className) made.className = className
  if (text !== undefined) made.textContent = text
  return made
}

function unpacked(text, kind = Float32Array) {
  const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0))
  return new kind(bytes.buffer)
}

// The payload with its numbers as arrays; what is not drawn stays as it is.
function decoded(data) {
  if (data.message) return data
  return {
    ...data,
    totalS: unpacked(data.totalS),
    roundS: data.roundS ? unpacked(data.roundS) : null,
    bytes: unpacked(data.bytes),
    state: unpacked(data.state, Uint8Array),
    broken: unpacked(data.broken, Uint8Array),
    parts: data.parts.map(part => ({ ...part, seconds: unpacked(part.seconds) })),
  }
}

function inkOn(color) {
  const [red, green, blue] = [1, 3, 5]
    .map(at => parseInt(color.slice(at, at + 2), 16) / 255)
    .map(part => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000000" : "#FFFFFF"
}

const measured = new Map()
let pen = null

function textWidth(text, size, weight, family) {
  const key = `${weight} ${size}px ${family}|${text}`
  if (!measured.has(key)) {
    if (measured.size > 4000) measured.clear()
    pen ??= document.createElement("canvas").getContext("2d")
    pen.font = `${weight} ${size}px ${family}`
    measured.set(key, pen.measureText(text).width)
  }
  return measured.get(key)
}
