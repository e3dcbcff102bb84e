// Hands what is best along each slider to the strip, which draws it in its tray, and tells which tray is open.
export default function ({ data, setStateValue }) {
  const open = () => window.cutwiseDesk?.open ?? ""
  const tell = () => { if (!window.cutwiseDesk?.isHeld && open() !== window.cutwiseBreakEvens.open) setStateValue("open", open()) }
  window.cutwiseBreakEvens = { ...data, tell }
  window.cutwiseDesk?.redraw?.()
  tell()
}
