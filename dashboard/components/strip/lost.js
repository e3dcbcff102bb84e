// A lost connection is told by Streamlit's own script, in words about Streamlit; they are replaced where they appear.
const LOST = [
  ["Streamlit server is not responding.", "Cutwise does not answer: its server was ended, or the network or a proxy on the way to it. "
    + "This page tries again by itself, and comes back with its question."],
  ["Is Streamlit still running?", "Cutwise does not answer: its server was ended. Start it again, and this page comes back with its question:"],
  ["streamlit run yourscript.py", "cutwise serve"],
  ["Cannot connect to Streamlit", "Cutwise refuses the address of this page; the log of its server says why."],
]

const rewordLost = () => {
  for (const dialog of document.querySelectorAll('[role="dialog"]')) {
    const texts = document.createTreeWalker(dialog, NodeFilter.SHOW_TEXT)
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
      const found = LOST.find(([theirs]) => text.nodeValue.trimStart().startsWith(theirs))
      if (found) text.nodeValue = found[1]
    }
  }
}

window.cutwiseLost ??= (() => {
  const watch = new MutationObserver(rewordLost)
  watch.observe(document.body, { childList: true, subtree: true })
  return watch
})()
