// The colours of the theme, read from the CSS variables that Streamlit sets.

function themeOf(element, fallback) {
  const style = getComputedStyle(element)
  const read = (name, otherwise) => {
    const value = style.getPropertyValue(name).trim()
    return value && value !== "unset" ? value : otherwise
  }
  const background = read("--st-background-color", "#ffffff")
  const isDark = luminance(background) < 0.2
  const listed = read("--st-chart-categorical-colors", "").split(",").map(color => color.trim())
  const sides = fallback[isDark ? "dark" : "light"].map((color, at) => (!fallback.fixed && /^#[0-9a-f]{6}$/i.test(listed[at] ?? "") ? listed[at] : color))
  return {
    background,
    isDark,
    text: read("--st-text-color", "#101722"),
    line: read("--st-border-color", "#d5dce4"),
    font: read("--st-font", "sans-serif"),
    cut: fallback.cut[isDark ? "dark" : "light"],
    sides: sides.map(fill => ({ fill, ink: inkOn(fill) })),
  }
}

function luminance(color) {
  const match = color.match(/^#(..)(..)(..)/)
  const channels = match ? match.slice(1).map(part => parseInt(part, 16)) : (color.match(/[\d.]+/g) ?? [255, 255, 255]).map(Number)
  const [red, green, blue] = channels.map(part => {
    const share = part / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function inkOn(color) {
  const bright = luminance(color)
  const onWhite = 1.05 / (bright + 0.05), onBlack = (bright + 0.05) / (0.0048 + 0.05)
  return onWhite >= onBlack ? "#ffffff" : "#0b0f15"
}
