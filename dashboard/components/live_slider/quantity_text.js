// Writes a quantity with an SI prefix and reads what people type: 20M, 4 GB, 1.2e12, 80 m.

const PREFIXES = { n: -9, "µ": -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15 }
const SMALL_AND_LARGE = ["n", "µ", "m", "", "k", "M", "G"]
const PREFIXES_OF = {
  "bit/s": ["", "k", "M", "G", "T"],
  B: ["", "k", "M", "G", "T", "P"],
  FLOP: ["", "k", "M", "G", "T", "P"],
  "FLOP/s": ["", "k", "M", "G", "T", "P"],
  Hz: ["", "k", "M", "G", "T"],
  s: ["n", "µ", "m", ""],
  m: ["", "k"],
  W: SMALL_AND_LARGE,
  J: SMALL_AND_LARGE,
}

function quantityText(value, unit, isInteger) {
  const prefix = prefixFor(value, unit)
  const scaled = value / 10 ** PREFIXES[prefix]
  const text = isInteger && prefix === "" ? Math.round(value).toLocaleString("en-US") : figures(scaled, unit in PREFIXES_OF)
  return unit ? `${text} ${prefix}${unit}` : text
}

function prefixFor(value, unit) {
  const known = PREFIXES_OF[unit] ?? [""]
  if (value === 0) return ""
  const fitting = known.filter(prefix => Math.abs(value) >= 0.9995 * 10 ** PREFIXES[prefix])
  return fitting.at(-1) ?? known[0]
}

// Three figures; below ten at least one decimal, so that 4.0 GB reads as a measured size.
function figures(value, hasUnit) {
  const size = Math.abs(value)
  if (size >= 1000) return Math.round(value).toLocaleString("en-US")
  const decimals = size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.0995 || size === 0 ? 2 : 4
  const text = value.toFixed(decimals).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "")
  return hasUnit && size >= 1 && size < 9.995 && !text.includes(".") ? `${text}.0` : text
}

// The typed number in the unit itself; NaN where it cannot be read. A bare number
// takes the prefix shown, unless only the number itself lies in the range of the slider.
function typedQuantity(text, unit, shown, low, high) {
  const match = text.trim().match(/^([+-]?[\d\s.,']*\d(?:\.)?(?:e[+-]?\d+)?)\s*([^\d\s]?.*)$/i)
  if (!match) return NaN
  const digits = match[1].replace(/[\s']/g, "")
  const number = Number(/^[+-]?\d+,\d{1,2}$/.test(digits) ? digits.replace(",", ".") : digits.replace(/,/g, ""))
  const suffix = match[2].trim()
  if (suffix === "") {
    const scaled = number * 10 ** PREFIXES[prefixFor(shown, unit)]
    const isLikely = value => value >= low && value <= high
    return isLikely(number) && !isLikely(scaled) ? number : scaled
  }
  const rest = unit && suffix.toLowerCase().endsWith(unit.toLowerCase()) ? suffix.slice(0, suffix.length - unit.length).trim() : suffix
  const letter = { K: "k", u: "µ", g: "G", t: "T" }[rest[0]] ?? rest[0] ?? ""
  return letter in PREFIXES ? number * 10 ** PREFIXES[letter] : NaN
}
