// Every edit leaves the page as a numbered command. Those that Python has not counted yet are sent again, all
// of them together; so a run that is cancelled, merged or repeated loses none, and none is taken twice.
const RESEND_MS = 4000
const HOLD_MS = 2500
const LONGEST_CLIENT = 12
const FIRST_PAGE = "plan"
const PAGE_LINKS = "[data-testid=stTopNavLink], [data-testid=stTopNavDropdownLink], [data-testid=stSidebarNavLink]"

const linkHere = () => new URLSearchParams(location.search).get("q")
const pageAt = ({ pathname }) => pathname.split("/").at(-1)

function newDesk() {
  const made = {
    client: Math.random().toString(36).slice(2, 2 + LONGEST_CLIENT), count: 0, queue: [], inFlight: 0,
    open: null, isMore: false, whose: "all", data: null, send: null, resend: 0, hold: 0, isHeld: false, isWalking: false,
    held: null, wanted: "",
  }
  made.command = command => {
    const last = made.queue.at(-1)
    const isSameDrag = last && last.n > made.inFlight && last.live && last.kind === command.kind && last.path === command.path
    if (isSameDrag) made.queue.pop()
    made.count += 1
    made.queue.push({ ...command, n: made.count })
    made.flush()
  }
  made.waiting = path => made.queue.findLast(command => command.path === path)
  made.flush = isAgain => {
    if (!made.send || !made.queue.length || made.isHeld || (made.inFlight && !isAgain)) return
    made.inFlight = made.queue.at(-1).n
    clearTimeout(made.resend)
    made.resend = setTimeout(() => made.flush(true), RESEND_MS)
    const send = !isAgain && settles(made) ? window.cutwiseSettle : made.send
    made.held = made.queue.at(-1).live ? made.queue.at(-1) : null
    send({ client: made.client, commands: made.queue.slice() })
    const page = made.queue.findLast(command => command.kind === "page")
    if (page && page.value !== (made.data?.page || FIRST_PAGE)) hold(made)
  }
  made.taken = number => {
    made.queue = made.queue.filter(command => command.n > number)
    if (!made.inFlight || number < made.inFlight) return
    made.inFlight = 0
    clearTimeout(made.resend)
    made.flush()
  }
  made.arrived = page => {
    if (made.isWalking ? page === pageAt(location) : made.data && made.data.page !== page) made.release()
  }
  made.release = () => {
    clearTimeout(made.hold)
    if (!made.isHeld) return
    made.isHeld = made.isWalking = false
    made.wanted = ""
    made.flush(true)
  }
  made.late = () => {
    if (made.wanted) made.queue.push({ kind: "page", path: "", value: made.wanted, n: ++made.count })
    made.release()
  }
  window.addEventListener("popstate", () => {
    const link = linkHere()
    if (pageAt(location) !== made.data?.page) {
      hold(made)
      made.isWalking = true
    }
    if (link) made.command({ kind: "go", path: "", link })
  })
  keepHistory(made)
  window.addEventListener("click", event => holdForPage(made, event), { capture: true })
  window.addEventListener("keydown", event => undoByKeys(made, event))
  return made
}

// A value that is let go where it was held last is on the page already: it only settles, which needs no new page.
function settles({ held, queue }) {
  const [one, ...more] = queue
  return Boolean(window.cutwiseSettle && held && !more.length && !one.live && one.n === held.n + 1
    && ["kind", "path", "value"].every(key => one[key] === held[key]))
}

// A run that is asked for while a page switch is under way replaces it, so commands wait until the page has come.
// They do not wait for ever; a page that comes later than that is asked for again, with them.
function holdForPage(desk, event) {
  const link = event.composedPath().find(node => node.matches?.(PAGE_LINKS))
  const place = link && new URL(link.href)
  if (place && place.pathname !== location.pathname) hold(desk, pageAt(place) || FIRST_PAGE)
}

function hold(desk, wanted = "") {
  desk.isHeld = true
  desk.isWalking = false
  desk.wanted = wanted
  clearTimeout(desk.hold)
  desk.hold = setTimeout(desk.late, HOLD_MS)
}

// Streamlit opens a page at its bare address and then adds the question, each as an entry of the history; on the
// bare one Back would always lead forward again. And it puts back a page that Back has just left for another.
function keepHistory(desk) {
  const push = history.pushState.bind(history)
  history.pushState = (state, title, url) => {
    const next = new URL(url ?? "", location.href), isSamePage = next.pathname === location.pathname
    if (desk.isWalking && !isSamePage) return
    if (next.href === location.href || (isSamePage && !linkHere())) history.replaceState(state, title, url)
    else push(state, title, url)
  }
}

function undoByKeys(desk, event) {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return
  const target = event.composedPath()[0]
  if (target.matches?.("textarea, [contenteditable], input:not([type=range])")) return
  const key = event.key.toLowerCase()
  const kind = key === "z" ? (event.shiftKey ? "redo" : "undo") : key === "y" ? "redo" : null
  if (!kind) return
  event.preventDefault()
  desk.command({ kind, path: "" })
}

const desk = (window.cutwiseDesk ??= newDesk())
