// The reader's own scenarios, which this browser keeps: a list of names and links, bounded, shared by its tabs.
const OWN_KEY = "cutwise.scenarios", ASIDE_KEY = "cutwise.scenarios.aside"
const SAID = {
  full: most => `This browser keeps ${most.count} scenarios at most, ${Math.round(most.characters / 1000)} kB together: remove one, or save this question as a file.`,
  forbidden: "This browser keeps nothing for this page: save the question as a file instead.",
  unreadable: "Your own scenarios in this browser could not be read; they were put aside, and saving begins a new list.",
}

// What is kept, and why there is less than there should be.
function ownScenarios() {
  let text = null
  try { text = localStorage.getItem(OWN_KEY) } catch { return { list: [], why: SAID.forbidden } }
  if (text === null) return { list: [], why: "" }
  try {
    const list = JSON.parse(text)
    if (Array.isArray(list) && list.every(one => typeof one?.name === "string" && typeof one.link === "string")) return { list, why: "" }
  } catch { /* told below */ }
  return { list: [], why: SAID.unreadable, damaged: text }
}

// Keeps the list that `change` makes of what is kept now; answers why not, or nothing.
function keepOwn(change, most) {
  const { list, damaged } = ownScenarios()
  const next = change(list)
  const text = JSON.stringify(next)
  const isMore = next.length > list.length
  if (isMore && (next.length > most.count || text.length > most.characters)) return SAID.full(most)
  try {
    if (damaged) localStorage.setItem(ASIDE_KEY, damaged)
    localStorage.setItem(OWN_KEY, text)
  } catch (error) {
    return error?.name === "QuotaExceededError" ? SAID.full(most) : SAID.forbidden
  }
  return ""
}

// A name that no other of the list has: "mine", "mine (2)".
function freeName(list, wanted, but) {
  const taken = new Set(list.filter(one => one !== but).map(one => one.name))
  let name = wanted
  for (let count = 2; taken.has(name); count += 1) name = `${wanted} (${count})`
  return name
}
