// A list (列表): a real table, whose columns give way where there is no room. What people typed is textContent, never HTML.

const FIRST = 200 // rows drawn at once; more come as one scrolls to them, all of them before it is printed
const MOST = 8 // columns side by side; the others stand in the row that is opened
const SHORT = 12 // em up to which a column of words is not broken, but on a telephone
const WIDEST = 10 // em that a longer one asks for before its lines break
const SHEET = 55 // em across a sheet of A4 that stands upright, in the letters of a printed list
const NARROWEST = 6 // em of a column of words there; between two columns there is one more

const running = () => document.querySelector("[data-testid=stApp]")?.dataset.testScriptState !== "notRunning"
const em = text => [...text].reduce((sum, letter) => sum + (letter > "\u2e7f" ? 1 : 0.58), 0)

function made(parent, name, classes = "", text = "") {
  const element = document.createElement(name)
  if (classes) element.className = classes
  if (text) element.textContent = text
  parent?.append(element)
  return element
}

class List {
  constructor(root) {
    this.root = root
    this.box = root.querySelector(".box")
    this.sorted = { at: -1, by: 1 }
    this.whole = new Set() // rows that are opened in the list itself
    this.n = 0
    this.box.onclick = event => this.clicked(event)
    this.box.onkeydown = event => this.pressed(event)
    this.box.onscroll = () => this.further()
    this.sizes = new ResizeObserver(() => this.fit())
    this.sizes.observe(root)
    this.seen = new IntersectionObserver(() => this.further())
    this.print = () => this.printed()
    window.addEventListener("beforeprint", this.print)
  }

  end() {
    clearInterval(this.timer)
    this.outer?.removeAttribute("data-opened")
    this.sizes.disconnect()
    this.seen.disconnect()
    window.removeEventListener("beforeprint", this.print)
  }

  show({ data, setTriggerValue }) {
    const held = this.focused()
    const before = this.data
    this.data = data
    this.send = setTriggerValue
    if (!before || data.answered >= this.n) {
      this.ticked = new Set(data.ticked)
      this.n = Math.max(this.n, data.answered)
    }
    const alike = before && ["rows", "columns", "fixed"].every(name => JSON.stringify(before[name]) === JSON.stringify(data[name]))
    if (!alike) {
      const ids = of => String(of?.rows.map(row => row.id))
      const same = before && ids(before) === ids(data) // only what is said of them has changed
      const place = this.box.scrollTop
      this.build(same ? this.count : FIRST)
      if (same) this.box.scrollTop = place
    }
    this.mark()
    this.root.querySelector(".hint").textContent = data.chosen === null ? data.hint : ""
    this.root.querySelector(".paper").textContent = data.paper
    if (before && before.chosen !== data.chosen) {
      const row = this.find(data.chosen)
      row?.scrollIntoView({ block: "nearest" })
      clearInterval(this.timer)
      if (row) this.timer = setInterval(() => this.upward(), 100)
      const name = data.rows.find(row => row.id === data.chosen)?.cells.find(cell => cell)
      this.root.querySelector(".heard").textContent = name ? `已打开：${name}` : ""
    }
    if (held !== null && !alike) this.find(held)?.focus({ preventScroll: true })
  }

  /** What was opened is drawn below the list: once it is there, a list that ends low in the window goes up. */
  upward() {
    if (running()) return
    clearInterval(this.timer)
    if (this.root.getBoundingClientRect().bottom > innerHeight * 0.7) this.root.scrollIntoView({ block: "start" })
  }

  /** The table anew: its heads, and as many rows as were shown. */
  build(shown) {
    const { columns, rows, mode } = this.data
    this.table = made(null, "table", mode === "open" ? "opens" : "")
    this.table.setAttribute("aria-label", this.data.label)
    if (mode !== "read") this.table.setAttribute("role", "grid")
    this.cells = columns.map(() => [])
    const head = made(made(this.table, "thead"), "tr")
    if (mode === "tick") {
      this.all = made(made(made(head, "th", "tick"), "div"), "input")
      this.all.type = "checkbox"
      this.all.setAttribute("aria-label", "全选本页")
    }
    const longest = columns.map((column, at) => {
      const head = em(column.head) + (this.data.sorts && rows.length > 1 ? 0.9 : 0)
      return Math.max(head, ...rows.slice(0, 500).map(row => em(row.cells[at])))
    })
    this.kept = columns[0].kind === "numbered" ? 2 : 1 // the number of a row says not whose it is
    this.least = columns.map(({ kind }, at) => (kind !== "words" ? 0 : longest[at] <= SHORT ? longest[at] : WIDEST))
    this.classes = columns.map(({ kind }, at) => (kind !== "words" ? `${kind} line` : longest[at] <= SHORT ? "words short" : "words"))
    if (columns[1] && this.kept > 1) this.classes[1] += " kept"
    columns.forEach((column, at) => {
      const cell = made(head, "th", this.classes[at])
      cell.scope = "col"
      const inside = made(cell, "div")
      if (this.data.sorts && rows.length > 1) {
        made(inside, "button", "", column.head).type = "button"
        cell.dataset.sort = at
      } else inside.textContent = column.head
      inside.style.setProperty("--least", `${this.least[at] + 0.1}em`)
      this.cells[at].push(cell)
    })
    this.further_head = made(head, "th", "more away")
    made(made(this.further_head, "div"), "span", "heard", "其余各项")
    this.body = made(this.table, "tbody")
    this.order()
    this.box.replaceChildren(this.table)
    this.count = 0
    this.draw(Math.max(shown, FIRST))
    this.box.classList.toggle("long", rows.length > this.data.page)
    this.fit()
  }

  order() {
    const { at, by } = this.sorted
    const value = row => row.by?.[at] ?? row.cells[at]
    this.rows = [...this.data.rows]
    if (at < 0 || at >= this.data.columns.length) return
    this.rows.sort((one, other) => {
      const [a, b] = [value(one), value(other)]
      return by * (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "zh-CN"))
    })
  }

  draw(to) {
    if (!this.rows) return
    const end = Math.min(to, this.rows.length)
    for (; this.count < end; this.count += 1) this.row(this.rows[this.count])
    this.tail?.remove()
    this.tail = null
    if (this.count < this.rows.length) {
      this.tail = made(made(this.body, "tr"), "td", "", "…")
      this.seen.disconnect()
      this.seen.observe(this.tail)
      this.tail = this.tail.parentElement
    }
    this.mark()
    this.fit()
  }

  further() {
    if (!this.tail) return
    const { top } = this.tail.getBoundingClientRect()
    if (top < this.box.getBoundingClientRect().bottom + 400 && top < window.innerHeight + 400) this.draw(this.count + FIRST)
  }

  row(each) {
    const { columns, mode } = this.data
    const line = made(this.body, "tr", "row")
    line.dataset.id = each.id
    if (mode !== "read") line.tabIndex = this.count ? -1 : 0
    if (mode === "tick") {
      const place = made(made(line, "td", "tick"), "div")
      const box = made(this.fixed(each.id) ? null : place, "input")
      box.type = "checkbox"
      box.tabIndex = -1
      box.setAttribute("aria-label", `勾选${each.cells[0]}`)
    }
    columns.forEach((column, at) => {
      const cell = made(line, "td", this.classes[at])
      this.content(made(cell, "div"), column, each, at)
      this.cells[at].push(cell)
    })
    const more = made(line, "td", this.hidden ? "more" : "more away")
    const button = made(made(more, "div"), "button", "", "＋")
    button.type = "button"
    button.setAttribute("aria-label", "其余各项")
    button.setAttribute("aria-expanded", "false")
  }

  content(place, column, each, at) {
    const text = each.cells[at]
    if (text && (column.kind === "state" || (column.done && this.data.tones[text]))) made(place, "span", `chip ${this.data.tones[text] ?? "gray"}`, text)
    else if (column.kind === "share" && text) {
      made(made(place, "span", "share"), "i").style.width = `${each.by[at]}%`
      place.append(text)
    } else place.textContent = text
    if (column.kind === "words" && place.style) place.style.setProperty("--least", `${this.least[at] + 0.1}em`)
  }

  /** The last columns give way until the table fits; a state goes last of all, and what says whose a row is stays. */
  fit() {
    if (!this.table || matchMedia("print").matches || !this.root.clientWidth) return
    const { columns } = this.data
    const away = new Set()
    const show = () => {
      this.hidden = away.size
      this.cells.forEach((cells, at) => cells.forEach(cell => cell.classList.toggle("away", away.has(at))))
      for (const cell of this.table.querySelectorAll(".more")) cell.classList.toggle("away", !away.size)
    }
    const last = columns.map((_, at) => at).slice(this.kept).reverse()
    const yielding = [...last.filter(at => columns[at].kind !== "state"), ...last.filter(at => columns[at].kind === "state")]
    while (columns.length - away.size > MOST) away.add(yielding.shift())
    show()
    while (yielding.length && this.table.scrollWidth > this.box.clientWidth + 1) {
      away.add(yielding.shift())
      show()
    }
    const gone = [...away].sort((a, b) => a - b)
    if (String(gone) !== String(this.gone)) {
      this.gone = gone
      this.mark()
    }
  }

  /** All rows, as they go on paper: columns for which a sheet has no room stand below each row. */
  printed() {
    if (!this.rows) return
    this.draw(Infinity)
    const { columns } = this.data
    const wide = columns.map(({ kind, head }, at) =>
      kind === "words" ? Math.min(this.least[at], NARROWEST) : Math.max(em(head), ...this.rows.map(row => em(row.cells[at]))))
    const below = []
    const across = () => wide.reduce((sum, each, at) => (below.includes(at) ? sum : sum + each + 1), 0)
    while (below.length < columns.length - 1 && across() > SHEET) below.unshift(columns.length - 1 - below.length)
    this.cells.forEach((cells, at) => cells.forEach(cell => cell.classList.toggle("below", below.includes(at))))
    for (const each of this.body.querySelectorAll("tr.sheet")) each.remove()
    if (below.length) for (const line of this.body.querySelectorAll("tr.row")) line.after(this.told(Number(line.dataset.id), below, "sheet"))
  }

  /** Which rows are open, ticked, or unfolded. */
  mark() {
    if (!this.body) return
    const { chosen, mode } = this.data
    for (const rest of this.body.querySelectorAll("tr.rest")) rest.remove()
    for (const line of [...this.body.querySelectorAll("tr.row")]) {
      const id = Number(line.dataset.id)
      const open = mode === "open" && id === chosen
      const whole = (open || this.whole.has(id)) && this.gone?.length > 0
      line.classList.toggle("open", open)
      line.classList.toggle("ticked", mode === "tick" && this.ticked.has(id))
      line.classList.toggle("whole", this.whole.has(id))
      if (mode !== "read") line.setAttribute("aria-selected", String(mode === "tick" ? this.ticked.has(id) : open))
      if (mode === "tick" && !this.fixed(id)) line.querySelector("input").checked = this.ticked.has(id)
      const button = line.querySelector(".more button")
      button.textContent = whole ? "－" : "＋"
      button.setAttribute("aria-expanded", String(whole))
      if (whole) this.unfold(line, id)
    }
    if (mode === "tick") {
      const may = this.data.rows.filter(row => !this.fixed(row.id)).length
      const here = this.data.rows.filter(row => this.ticked.has(row.id)).length
      this.all.checked = here > 0 && here === may
      this.all.indeterminate = here > 0 && here < may
      this.all.disabled = !may
    }
    this.outer = this.root.getRootNode().host?.closest("[data-testid=stElementContainer]") // see printed.css
    if (this.outer) this.outer.toggleAttribute("data-opened", mode === "open" && this.data.below === true)
    this.box.classList.toggle("short", this.data.below === true && this.data.rows.length > 6)
    const scrolls = this.box.scrollHeight > this.box.clientHeight + 1 && mode === "read"
    if (scrolls) this.box.tabIndex = 0
    else this.box.removeAttribute("tabindex")
  }

  unfold(line, id) {
    line.after(this.told(id, this.gone, "rest"))
  }

  /** The row below a row that tells the columns that stand nowhere else. */
  told(id, columns, classes) {
    const each = this.data.rows.find(row => row.id === id)
    const rest = made(null, "tr", classes)
    const cell = made(rest, "td")
    cell.colSpan = 99
    const told = made(cell, "dl")
    for (const at of columns) {
      if (!each.cells[at]) continue
      const pair = made(told, "div")
      made(pair, "dt", "", this.data.columns[at].head)
      this.content(made(pair, "dd"), { ...this.data.columns[at], kind: this.data.columns[at].kind === "state" ? "state" : "" }, each, at)
    }
    return rest
  }

  /** Whether a row of a list to tick cannot be ticked. */
  fixed(id) {
    return this.data.fixed?.includes(id) ?? false
  }

  find(id) {
    return id === null || !this.body ? null : this.body.querySelector(`tr.row[data-id="${id}"]`)
  }

  focused() {
    const row = this.root.getRootNode().activeElement?.closest?.("tr.row")
    return row && this.root.contains(row) ? Number(row.dataset.id) : null
  }

  clicked(event) {
    const head = event.target.closest("th")
    if (head) return this.headed(head, event)
    const line = event.target.closest("tr.row")
    if (!line || String(getSelection()).trim()) return // words are being marked, to be copied
    if (event.target.closest(".more button")) this.fold(Number(line.dataset.id))
    else this.act(line)
  }

  headed(head, event) {
    if (event.target === this.all) {
      const ids = this.data.rows.map(row => row.id).filter(id => !this.fixed(id))
      const every = ids.every(id => this.ticked.has(id))
      for (const id of ids) every ? this.ticked.delete(id) : this.ticked.add(id)
      this.tell()
    } else if (head.dataset.sort !== undefined && event.target.closest("button")) {
      const at = Number(head.dataset.sort)
      this.sorted = { at, by: this.sorted.at === at ? -this.sorted.by : 1 }
      const shown = this.count
      this.order()
      this.body.replaceChildren()
      for (const cells of this.cells) cells.length = 1
      this.count = 0
      this.draw(shown)
      for (const cell of this.table.querySelectorAll("th")) cell.removeAttribute("aria-sort")
      head.setAttribute("aria-sort", this.sorted.by > 0 ? "ascending" : "descending")
    }
  }

  fold(id) {
    if (!this.whole.delete(id)) this.whole.add(id)
    this.mark()
  }

  act(line) {
    const id = Number(line.dataset.id)
    const { mode } = this.data
    if (mode === "read") {
      if (this.gone?.length) this.fold(id)
    } else if (mode === "tick") {
      if (this.fixed(id)) return
      if (!this.ticked.delete(id)) this.ticked.add(id)
      this.tell()
    } else {
      const closes = id === this.data.chosen
      for (const each of this.body.querySelectorAll("tr.row")) each.classList.toggle("open", each === line && !closes)
      this.send("open", { id: closes ? null : id })
    }
  }

  tell() {
    this.n += 1
    this.mark()
    this.send("ticked", { n: this.n, ids: this.data.rows.map(row => row.id).filter(id => this.ticked.has(id)) })
  }

  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("th, .more button")) return
    const rows = [...(this.body?.querySelectorAll("tr.row") ?? [])]
    const here = rows.findIndex(row => Number(row.dataset.id) === this.focused())
    if (here < 0) return
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: rows.length - 1 }[event.key]
    if (event.key === "Enter" || event.key === " ") this.act(rows[here])
    else if (to === undefined || !rows[to]) return
    else {
      rows[here].tabIndex = -1
      rows[to].tabIndex = 0
      rows[to].focus()
    }
    event.preventDefault()
  }
}

const lists = new WeakMap()

export default function (component) {
  const root = component.parentElement.querySelector(".list")
  let list = lists.get(root)
  if (!list) lists.set(root, (list = new List(root)))
  list.show(component)
  return () => {
    list.end()
    lists.delete(root)
  }
}
