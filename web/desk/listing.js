// The list of the desk (审核列表), and its keys. All that came from people is written as textContent, never as HTML.

const GRACE = 200 // ms in which a freshly drawn item takes no decision: nobody has seen it yet
const GIVE_UP = 4000 // ms without a run after which the keys live again: the press came to nothing
const FEW = 320 // px for the list, below which the words about keys have no place
const FOOT = 16 // px left free at the foot of the window
const HEAD = 64 // px of Streamlit's own header
const FOLDED = "data-desk-folded" // on a telephone: of the list only the way back to it stays in view
const ASKED = ["opinion", "remarks", "evidence"] // what a key asks for that decides nothing
const FIRST = "[data-testid=stPopoverBody] [class*=st-key-remarks-][class*=-place] input" // in what the key of remarks opens
const HELD = "data-desk-held" // on the page itself, whose buttons are drawn anew meanwhile
const DECISIONS = ".st-key-decisions button"

function editing(event) {
  const at = event.composedPath()[0]
  if (!(at instanceof Element)) return false
  const typed = at.matches("textarea, select, [contenteditable=true], [role=combobox]")
  return typed || (at.matches("input") && !["checkbox", "radio", "button", "submit"].includes(at.type))
}

const running = () => document.querySelector("[data-testid=stApp]")?.dataset.testScriptState !== "notRunning"
const covered = () => document.querySelector("[role=dialog], [data-testid=stPopoverBody]") !== null

/** What opens over the page takes its fields out of Tab's order once one of them was chosen from: they come back. */
function reachable() {
  const opened = document.activeElement?.closest("[data-testid=stPopoverBody]")
  for (const field of opened?.querySelectorAll("[data-tabindex]") ?? []) {
    if (field.dataset.tabindex) field.setAttribute("tabindex", field.dataset.tabindex)
    else field.removeAttribute("tabindex")
    delete field.dataset.tabindex
  }
}

function span(parent, name, text, title) {
  const made = document.createElement("span")
  made.className = name
  made.textContent = text
  if (title) made.title = title
  parent.append(made)
  return made
}

const TAIL = 8 // letters at the end of a title that are never cut off: courses differ by them (第3期)

/** A title that has no room is cut in its middle, not at its end. */
function title(parent, text) {
  const letters = [...text]
  const made = span(parent, "title", "", text)
  const cut = letters.length > 2 * TAIL ? letters.length - TAIL : letters.length
  span(made, "begin", letters.slice(0, cut).join(""))
  if (cut < letters.length) span(made, "end", letters.slice(cut).join(""))
}

function row(each, open) {
  const made = document.createElement("div")
  made.className = each.id === open ? "row open" : "row"
  made.id = `row-${each.id}`
  made.dataset.id = each.id
  made.tabIndex = -1
  made.setAttribute("role", "option")
  made.setAttribute("aria-selected", String(each.id === open))
  const first = document.createElement("div")
  const second = document.createElement("div")
  first.className = "first"
  second.className = "second"
  if (each.kind) span(first, "kind", each.kind)
  title(first, each.title)
  if (each.state) span(first, `state ${each.tone}`, each.state)
  if (each.left) span(first, each.pressing ? "left pressing" : "left", each.left)
  span(second, "who", each.who, each.who)
  span(second, "what", each.what)
  if (each.waiting) span(second, "waiting", each.waiting)
  made.append(first, second)
  if (each.marks.length) {
    const third = document.createElement("div")
    third.className = "marks"
    for (const mark of each.marks) span(third, mark.grave ? "mark grave" : "mark", mark.word)
    made.append(third)
  }
  return made
}

/** What lives from one drawing to the next: what is drawn, whether keys are held, and the listeners. */
class Desk {
  constructor(root) {
    this.root = root
    this.list = root.querySelector(".list")
    this.held = null // {run, deed, since}: pressed while this run of the page was drawn
    this.drawn = 0
    this.later = null // {at, since}: a decision pressed while what was typed before is still on its way
    this.wish = null // {name, since, opened}: what was asked for by key and is not there yet
    this.fold = root.querySelector(".fold")
    this.fold.onclick = () => this.back()
    this.list.onclick = event => {
      const at = event.target.closest(".row")
      if (at) this.open(Number(at.dataset.id))
    }
    this.list.onkeydown = event => this.inside(event)
    this.key = event => this.pressed(event)
    this.click = event => this.clicked(event)
    document.addEventListener("keydown", this.key)
    document.addEventListener("click", this.click, true)
    this.main = document.querySelector("[data-testid=stMain]")
    this.fit = () => this.sized()
    this.main?.addEventListener("scroll", this.fit)
    window.addEventListener("resize", this.fit)
    this.timer = setInterval(() => this.look(), 40)
  }

  end() {
    document.removeEventListener("keydown", this.key)
    document.removeEventListener("click", this.click, true)
    this.main?.removeEventListener("scroll", this.fit)
    window.removeEventListener("resize", this.fit)
    clearInterval(this.timer)
    document.documentElement.removeAttribute(HELD)
    document.documentElement.removeAttribute(FOLDED)
  }

  show({ data, setTriggerValue }) {
    const changed = this.data?.open !== data.open
    const focused = this.root.getRootNode().activeElement?.closest?.(".row")?.dataset.id
    const place = this.list.scrollTop
    this.data = data
    this.send = id => setTriggerValue("open", id)
    this.list.replaceChildren(...data.rows.map(each => row(each, data.open)))
    if (!data.rows.length) span(this.list, "empty", data.empty)
    this.list.setAttribute("aria-label", data.label)
    this.root.classList.toggle("alone", !data.desk)
    this.root.classList.toggle("idle", data.open === null) // nothing to come back from
    this.root.querySelector(".count").textContent = data.label
    this.root.querySelector(".keys").textContent = data.keys
    this.list.scrollTop = place
    if (changed) {
      this.folded(data.open !== null)
      this.turned = true
    }
    this.list.tabIndex = 0
    this.fresh = true
    this.sized()
    if (changed) this.bring(this.find(data.open))
    if (focused) (this.find(changed ? data.open : focused) ?? this.list).focus({ preventScroll: true })
  }

  /** The list takes the height there is, down to the foot of the window; its keys and its pages stay in view. */
  sized() {
    if (!this.data.desk) return // alone on its page it is as long as its rows
    const left = document.querySelector(".st-key-desk-left") // with the keys, the export, the pages
    const keys = this.root.querySelector(".keys")
    const room = () => {
      const below = (left?.getBoundingClientRect().bottom ?? 0) - this.list.getBoundingClientRect().bottom + FOOT
      return window.innerHeight - this.list.getBoundingClientRect().top - below
    }
    keys.hidden = false
    keys.hidden = room() < FEW // they give way to what is listed
    const height = room()
    this.list.style.maxHeight = window.innerWidth > 640 ? `${Math.max(height, 200)}px` : ""
    // Remarks are written over the list (desk.css), so that all of the item is seen meanwhile.
    const { left: x, width } = this.root.getBoundingClientRect()
    for (const [name, at] of [["x", x], ["width", width]])
      document.documentElement.style.setProperty(`--desk-list-${name}`, `${at}px`)
  }

  /** A freshly opened item is read from its top. */
  upward() {
    const item = document.querySelector(".st-key-item")
    if (!this.main || !item) return
    const narrow = window.innerWidth <= 640
    const way = narrow ? (document.querySelector(".st-key-desk-left")?.offsetHeight ?? 0) + FOOT : 0
    const over = item.getBoundingClientRect().top - HEAD - way
    if (over < 0 || narrow) this.main.scrollTop += over
  }

  /** A row comes into the list's view; the page itself stays where it is. */
  bring(row) {
    if (!row) return
    const [at, box] = [row, this.list].map(each => each.getBoundingClientRect())
    if (at.top < box.top) this.list.scrollTop -= box.top - at.top
    else if (at.bottom > box.bottom) this.list.scrollTop += at.bottom - box.bottom
  }

  /** On a telephone: the list is unfolded and comes into view, or is folded away. */
  back() {
    const away = !this.root.classList.contains("folded")
    this.folded(away)
    if (away) return this.upward()
    if (this.main) this.main.scrollTop += this.root.getBoundingClientRect().top - HEAD
    this.bring(this.find(this.data.open))
  }

  /** On a telephone the list is folded away while an item is read. */
  folded(away) {
    this.root.classList.toggle("folded", away)
    document.documentElement.toggleAttribute(FOLDED, away && this.data.desk)
    this.fold.setAttribute("aria-expanded", String(!away))
  }

  find(id) {
    return id === null ? null : this.list.querySelector(`#row-${id}`)
  }

  hold(deed) {
    this.held = { run: this.data.run, deed, since: performance.now() }
    document.documentElement.setAttribute(HELD, "")
  }

  look() {
    if (this.fresh && !running()) { // what stands below the list is there now
      this.fresh = false
      this.sized()
      if (this.turned) this.bring(this.find(this.data.open))
    }
    if (this.later) this.pressLater()
    if (this.held || this.turned) this.letGo()
    if (this.wish) this.grant()
  }

  /** Let go once the next drawing is whole: what is on screen is what a press will mean. */
  letGo() {
    if (running()) {
      this.drawn = 0
      return
    }
    if (this.turned) this.upward()
    this.turned = false
    if (!this.held) return
    const fresh = this.data.run !== this.held.run
    if (!fresh && performance.now() - this.held.since < GIVE_UP) return
    this.drawn ||= performance.now()
    if (this.held.deed && performance.now() - this.drawn < GRACE) return
    this.held = null
    this.drawn = 0
    document.documentElement.removeAttribute(HELD)
  }

  open(id) {
    if (this.held?.deed) return
    this.tell("")
    this.later = null
    this.hold(false)
    this.send(id)
    for (const each of this.list.children) each.classList?.toggle("open", each.dataset.id === String(id))
    this.asked = id
    if (id === this.data.open) this.folded(true)
  }

  step(by) {
    const ids = this.data.rows.map(each => each.id)
    const here = this.held && !this.held.deed ? this.asked : this.data.open
    const at = ids.indexOf(here)
    const to = at < 0 ? (by > 0 ? 0 : ids.length - 1) : at + by
    if (ids[to] === undefined) return this.tell(this.data.nothing[ids.length ? (by > 0 ? "j" : "k") : "empty"])
    this.bring(this.find(ids[to]))
    this.open(ids[to])
  }

  /** Keys while the list has the focus: arrows move, Enter opens. */
  inside(event) {
    const rows = [...this.list.querySelectorAll(".row")]
    const here = rows.indexOf(this.root.getRootNode().activeElement)
    const to = { ArrowDown: here + 1, ArrowUp: Math.max(here - 1, 0), Home: 0, End: rows.length - 1 }[event.key]
    if (event.key === "Enter" || event.key === " ") {
      const at = rows[here] ?? this.find(this.data.open)
      if (at) this.open(Number(at.dataset.id))
    } else if (to === undefined) return
    else rows[Math.min(to, rows.length - 1)]?.focus()
    event.preventDefault()
  }

  pressed(event) {
    if (event.key === "Tab") reachable()
    if (event.key === "Escape") this.wish = null
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || covered()) return
    if (event.key === "Escape" && editing(event) && event.target.closest?.(".st-key-bar")) event.target.blur()
    if (editing(event) || this.wish || !this.data.desk) return
    const key = event.key.toLowerCase()
    if (key === "j") this.step(1)
    else if (key === "k") this.step(-1)
    else {
      const name = this.data.deeds[key]
      if (!name) return
      this.press(name, event)
    }
    event.preventDefault()
  }

  press(name, event) {
    if (event.repeat) return
    if (ASKED.includes(name)) {
      this.tell("")
      this.wish = { name, since: performance.now(), opened: false }
      this.grant()
      return
    }
    if (this.held || this.later) return
    const button = document.querySelector(`[class*="st-key-${name}-"] button:not([disabled])`)
    this.tell(button || running() ? "" : this.nothing(name))
    button?.click()
  }

  /** What was asked for, once it is drawn and of the item that is open: a key pressed meanwhile is no key. */
  grant() {
    const { name, opened } = this.wish
    const now = performance.now()
    const busy = this.held || this.later
    if (busy || (running() && !opened)) this.wish.since = now
    if (busy) return
    const at = `[class*="st-key-${name}-"]`
    const field = document.querySelector(opened ? FIRST : `${at} textarea, ${at} input`)
    const button = document.querySelector(`${at} button:not([disabled])`)
    if (field) {
      this.wish = null
      field.focus()
    } else if (button && !opened) {
      this.wish = name === "remarks" ? { name, since: now, opened: true } : null // its first field
      button.click()
    } else if (now - this.wish.since > (opened ? GIVE_UP : GRACE)) {
      this.wish = null
      this.tell(this.nothing(name))
    }
  }

  nothing(name) {
    return this.data.nothing[this.data.open === null && name !== "back" ? "" : name]
  }

  /** Why a key did nothing, until the next one. */
  tell(words) {
    const told = this.root.querySelector(".told")
    if (told.textContent === (words ?? "")) return
    told.textContent = words ?? ""
    this.sized()
    this.bring(this.find(this.data.open))
  }

  /** A decision is pressed by mouse or by key alike: held as long as the one before is under way. */
  clicked(event) {
    if (event.isTrusted) this.wish = null // the hand went elsewhere
    const button = event.target.closest?.(DECISIONS)
    if (!button) return
    if (button.closest("[data-testid=stPopover]")) return this.sized() // to open remarks decides nothing
    if (!this.held && !(running() && this.data.open !== null)) {
      this.hold(true)
      return
    }
    event.preventDefault()
    event.stopImmediatePropagation()
    const deeds = Object.values(this.data.deeds).map(name => `st-key-${name}-`)
    const names = [...button.closest("[class*=st-key-]").classList]
    const at = names.find(name => deeds.some(deed => name.startsWith(deed))) // with the item and its version
    if (at && !this.held) this.later ??= { at, since: performance.now() }
  }

  /** The decision that waited, on the very item and version it was pressed for, or not at all. */
  pressLater() {
    const late = performance.now() - this.later.since > GIVE_UP
    if (running() && !late) return
    const button = document.querySelector(`.${CSS.escape(this.later.at)} button:not([disabled])`)
    this.later = null
    if (button && !late) button.click()
    else this.tell(this.data.nothing.late)
  }
}

const desks = new WeakMap()

export default function (component) {
  const root = component.parentElement.querySelector(".desk")
  let desk = desks.get(root)
  if (!desk) desks.set(root, (desk = new Desk(root)))
  desk.show(component)
  return () => {
    desk.end()
    desks.delete(root)
  }
}
