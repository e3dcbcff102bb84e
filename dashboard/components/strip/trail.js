// The undo steps of this browser tab outlive a reload: the tab keeps their links, the server gets them back.
const TRAIL_KEY = "cutwise.trail"

function restoreTrail(data) {
  let kept = null
  try { kept = JSON.parse(sessionStorage.getItem(TRAIL_KEY)) } catch { /* forbidden or damaged: no past */ }
  const isSame = kept?.links?.length > 1 && kept.links[kept.at] === data.link
  if (isSame && data.trail.links.length === 1) desk.command({ kind: "trail", path: "", ...kept })
}

function keepTrail(data) {
  if (desk.queue.some(command => command.kind === "trail")) return
  const text = JSON.stringify(data.trail)
  if (desk.kept === text) return
  desk.kept = text
  try { sessionStorage.setItem(TRAIL_KEY, text) } catch { /* full or forbidden: reload keeps the question */ }
}
