// Hands what is best along each slider to the strip, which draws it when it draws its tray.
export default function ({ data }) {
  window.cutwiseBreakEvens = data.quantities
  window.cutwiseDesk?.redraw?.()
}
