// Elements are made with properties and text only: nothing that comes from a file is read as markup.
const SVG = "http://www.w3.org/2000/svg"
const ICONS = {
  undo: "M7 4 3 8l4 4M3 8h9a5 5 0 0 1 0 10h-3",
  redo: "M13 4l4 4-4 4M17 8H8a5 5 0 0 0 0 10h3",
  reset: "M4 10a6 6 0 1 0 2-4.5M4 3v4h4",
  keep: "M10 4v12M4 10h12",
  link: "M8 12l4-4M7 8 5 10a3 3 0 0 0 4 4l2-2M9 8l2-2a3 3 0 0 1 4 4l-2 2",
}

const make = (name, attributes = {}, ...children) => {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (key in made && key !== "list") made[key] = value
    else made.setAttribute(key, value)
  }
  made.append(...children)
  return made
}

function icon(name) {
  const svg = document.createElementNS(SVG, "svg"), path = document.createElementNS(SVG, "path")
  svg.setAttribute("viewBox", "0 0 20 20")
  svg.setAttribute("aria-hidden", "true")
  path.setAttribute("d", ICONS[name])
  svg.append(path)
  return svg
}

const at = (root, attribute, value) => [...root.querySelectorAll(`[${attribute}]`)].find(one => one.getAttribute(attribute) === value)
