// Repair sheet: owns its rows. Data come in by key; edits go out as a numbered queue until the data answer them.
// Whatever was typed and not sent, the focus and the caret are never touched from outside. Text goes in as text only.
const sheets = (globalThis.repairSheets ??= new Map());

function made(tag, name, text) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text !== undefined) element.textContent = text;
  return element;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

class Sheet {
  constructor(key) {
    this.key = key;
    this.lines = new Map(); // by id: the element, its parts, its cells
    this.queue = []; // acts that the data have not answered yet
    this.store = `sheet-${key}`;
    this.typed = JSON.parse(sessionStorage.getItem(this.store) ?? "{}"); // by cell, not answered: a reload keeps it
    this.last = 0;
    this.brought = 0; // into view, how many times
    this.root = made("section", "repair");
    this.head = made("div", "head");
    this.count = made("span", "count");
    this.said = made("span", "said");
    this.said.setAttribute("role", "status");
    this.said.setAttribute("aria-live", "polite");
    this.tidy = made("button", "", "整理列表");
    this.tidy.type = "button";
    this.tidy.title = "收起已改的行，重新排列";
    this.tidy.onclick = () => {
      this.tidied = true;
      this.act({ act: "tidy" });
    };
    this.keys = made("span", "keys", "Enter 下一处　Shift+Enter 上一处　Ctrl+Enter 采纳建议　Esc 还原");
    this.head.append(this.count, this.said, this.keys, this.tidy);
    this.list = made("ol", "lines");
    this.list.tabIndex = -1;
    this.root.append(this.head, this.list);
    this.list.addEventListener("keydown", (event) => this.pressed(event));
    this.list.addEventListener("input", ({ target: { cell } }) => cell && !cell.select && this.keep(cell, cell.input.value));
  }

  /** Keep what is typed in a cell over a reload of this tab; nothing: forget it. */
  keep(cell, value) {
    const name = cell.input.dataset.cell;
    if (value === undefined && !(name in this.typed)) return;
    if (value === undefined) delete this.typed[name];
    else this.typed[name] = value;
    if (Object.keys(this.typed).length) sessionStorage.setItem(this.store, JSON.stringify(this.typed));
    else sessionStorage.removeItem(this.store);
  }

  // --- out -----------------------------------------------------------------------------------------------------------

  act(given) {
    this.last = Math.max(Date.now(), this.last + 1);
    this.queue.push({ n: this.last, ...given });
    this.post(4000);
    return this.last;
  }

  post(wait) {
    clearTimeout(this.timer);
    this.send([...this.queue]);
    // What was sent while the office was restarted, or the line was down, is sent again until it is answered.
    this.timer = setTimeout(() => this.queue.length && this.root.isConnected && this.post(wait * 2), wait);
  }

  commit(cell) {
    if (cell.input.disabled || cell.input.value === cell.shown) return;
    if (cell.select && cell.input.value === "") return;
    const { row, column } = cell;
    cell.n = this.act({ act: "edit", row, column, before: cell.base, after: cell.input.value });
    cell.shown = cell.base = cell.input.value;
    cell.line.element.dataset.busy = "1";
  }

  pressed(event) {
    const cell = event.target.cell;
    if (!cell || event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter") {
      event.preventDefault();
      this.commit(cell);
      const left = (event.ctrlKey || event.metaKey) && this.accept(cell.line) ? cell.line.row : null;
      this.step(cell.line, event.shiftKey ? -1 : 1, left);
    } else if (event.key === "Escape" && cell.input.value !== cell.shown && !cell.select) {
      event.preventDefault();
      event.stopPropagation();
      cell.input.value = cell.shown;
      this.keep(cell);
    }
  }

  /** To the next line to mend, from the last one on to the first; back, to the line before. `left`: a row just done with. */
  step(line, by, left = null) {
    const all = [...this.list.children].map((element) => element.line);
    const from = all.indexOf(line);
    const onward = by > 0 ? [...all.slice(from + 1), ...all.slice(0, from)] : all.slice(0, from).reverse();
    for (const each of onward) {
      const cell = each.cells[0];
      if (!cell || cell.input.disabled || (left !== null && each.row === left)) continue;
      if (by > 0 && (each.state !== "open" || each.element.dataset.busy)) continue;
      this.into(cell);
      return;
    }
    write(this.said, by > 0 ? "没有别的待改正的了。" : "已经是第一处。");
    if (left !== null) this.list.focus({ preventScroll: true });
  }

  /** Put the hand into a cell, its line clear of what lies over the page's foot. */
  into({ input, select, line }) {
    input.focus({ preventScroll: true });
    if (!select) input.select();
    line.element.scrollIntoView({ block: "nearest" });
    const bar = document.querySelector(".st-key-bar")?.getBoundingClientRect().top ?? innerHeight;
    const over = line.element.getBoundingClientRect().bottom + 8 - bar;
    if (over > 0) document.querySelector("[data-testid=stMain]")?.scrollBy(0, over);
  }

  /** Accept what is proposed for a row, all its lines; answers whether anything is. */
  accept(line) {
    if (line.state !== "open" || line.accept.hidden) return false;
    const n = this.act({ act: "accept", row: line.row });
    for (const each of this.lines.values()) {
      if (each.row !== line.row) continue;
      each.element.dataset.busy = "1";
      each.n = n;
    }
    return true;
  }

  strike(line) {
    if (line.strike.dataset.sure) {
      this.calm(line);
      line.element.dataset.busy = "1";
      line.n = this.act({ act: "strike", row: line.row });
    } else {
      line.strike.dataset.sure = "1";
      write(line.strike, "确认删去");
      const where = line.where.textContent;
      line.strike.title = `确认删去${where}：这一${where.slice(-1)}不计入；原件不变，删去后可以恢复`;
    }
  }

  putBack(line) {
    if (line.element.dataset.busy) return;
    line.element.dataset.busy = "1";
    line.n = this.act({ act: "put_back", row: line.row });
  }

  calm(line) {
    delete line.strike.dataset.sure;
    write(line.strike, "删去");
    line.strike.title = "删去此行";
  }

  // --- in ------------------------------------------------------------------------------------------------------------

  update(data) {
    this.last = Math.max(this.last, data.answered);
    this.queue = this.queue.filter((act) => act.n > data.answered);
    clearTimeout(this.timer);
    if (this.queue.length) this.timer = setTimeout(() => this.root.isConnected && this.post(8000), 4000);
    write(this.count, data.count);
    this.count.title = data.count;
    write(this.said, data.said);
    this.said.dataset.kind = data.kind;
    this.tidy.disabled = !data.done;
    let held = this.held();
    const on = held?.cell?.line;
    const under = held?.closest(".line") ?? held; // what was pressed in it may be hidden once that is done
    const before = under?.getBoundingClientRect().top;
    const present = new Set();
    let last = null;
    for (const given of data.lines) {
      present.add(given.id);
      let line = this.lines.get(given.id);
      if (!line) {
        line = this.line(given, data);
        this.lines.set(given.id, line);
      }
      const place = last ? last.nextSibling : this.list.firstChild;
      if (line.element !== place) this.list.insertBefore(line.element, place);
      last = line.element;
      this.show(line, given, data);
    }
    for (const [id, line] of this.lines) {
      if (present.has(id)) continue;
      line.element.remove();
      this.lines.delete(id);
    }
    if (held && !held.isConnected) held = null;
    if (this.tidied && data.lines.every(({ state }) => state === "open")) {
      this.tidied = false; // the button was pressed for what is left: the hand goes on there
      this.bring();
    } else if (on && !on.element.isConnected) this.onward();
    if (this.back && !held && document.activeElement === document.body) this.back.focus(); // where the hand was
    this.back = null;
    if (under?.isConnected) {
      const moved = under.getBoundingClientRect().top - before;
      if (Math.abs(moved) > 0.5) this.scroller().scrollTop += moved;
    }
    if (data.brought > this.brought) {
      this.brought = data.brought;
      this.bring();
    }
  }

  /** The line that had the hand is gone: the first one to mend has it, else the list. */
  onward() {
    const next = [...this.list.children].map((element) => element.line).find(({ state }) => state === "open");
    const cell = next?.cells.find(({ input }) => !input.disabled);
    if (cell) this.into(cell);
    else this.list.focus({ preventScroll: true });
  }

  /** Bring the sheet to the eye and its first open cell under the hand; once more where what is above it settles. */
  bring() {
    const first = [...this.list.children].find((element) => element.line.state === "open");
    const input = first?.line.cells.find((cell) => !cell.input.disabled)?.input;
    const ended = new AbortController();
    for (const sign of ["wheel", "touchmove", "pointerdown", "keydown", "input"])
      document.addEventListener(sign, () => ended.abort(), { capture: true, passive: true, signal: ended.signal });
    const show = () => {
      if (this.held() && this.held() !== input) ended.abort();
      if (ended.signal.aborted || !this.root.isConnected) return;
      (first ?? this.root).scrollIntoView({ block: "nearest" });
      this.root.scrollIntoView({ block: "start" });
      if (input && this.held() !== input) input.focus({ preventScroll: true });
    };
    for (const wait of [0, 300, 900]) setTimeout(show, wait);
    setTimeout(() => ended.abort(), 1000);
  }

  held() {
    const active = this.root.getRootNode().activeElement;
    return active && this.list.contains(active) ? active : null;
  }

  scroller() {
    if (this.list.scrollHeight > this.list.clientHeight + 1) return this.list;
    return document.querySelector("[data-testid=stMain]") ?? document.scrollingElement;
  }

  line(given, data) {
    const element = made("li", "line");
    const line = { element, row: given.row, cells: [], state: "" };
    element.line = line;
    line.who = made("div", "who");
    line.where = made("b", "", given.where);
    line.name = made("span", "");
    line.more = made("span", "more");
    line.who.append(line.where, line.name, line.more);
    line.fields = made("div", "fields");
    line.words = made("div", "words");
    line.words.id = `words-${given.id}`;
    line.fault = made("span", "fault");
    line.offer = made("span", "offer");
    line.words.append(line.fault, line.offer);
    line.acts = made("div", "acts");
    const button = (label, title, then) => {
      const each = made("button", "", label);
      each.type = "button";
      each.title = title;
      each.setAttribute("aria-label", `${given.where}：${title}`);
      each.onclick = then;
      line.acts.append(each);
      return each;
    };
    line.accept = button("采纳", "采纳建议", () => {
      this.accept(line);
      this.step(line, 1, line.row);
    });
    line.other = button("其他列", "改正此行其他列", () => this.act({ act: "open", row: line.row }));
    line.strike = button("删去", "删去此行", () => this.strike(line));
    line.strike.onblur = () => this.calm(line);
    line.back = button("恢复", "恢复删去的这一行", () => this.putBack(line));
    element.append(line.who, line.fields, line.words, line.acts);
    return line;
  }

  cell(line, given, data) {
    const field = made("label", "field");
    const heading = made("span", "heading", given.heading);
    const choices = data.choices[given.column];
    const input = made(choices ? "select" : "input");
    const cell = { line, input, row: line.row, column: given.column, select: Boolean(choices), n: 0, told: 0 };
    cell.shown = null; // what the hand was shown last, or has sent: anything else in the field is typing
    cell.base = ""; // what the office had there then: an edit names it, so that nobody's is overwritten unseen
    input.cell = cell;
    input.setAttribute("aria-describedby", line.words.id);
    input.dataset.cell = `${line.row}-${given.column}`;
    if (choices) {
      cell.nothing = made("option", "", "");
      cell.nothing.value = "";
      input.append(cell.nothing, ...choices.map((choice) => Object.assign(made("option", "", choice), { value: choice })));
      input.onpointerdown = () => (cell.byKey = false);
      input.onkeydown = () => (cell.byKey = true);
      input.onchange = () => cell.byKey || this.commit(cell); // by keys, when it is left: each step is no choice
    } else {
      input.type = "text";
      input.autocomplete = "off";
      input.spellcheck = false;
      input.maxLength = 2000;
    }
    input.onblur = () => this.commit(cell);
    field.append(heading, input);
    line.fields.append(field);
    line.cells.push(cell);
    return cell;
  }

  show(line, given, data) {
    const waiting = (of) => of.n > data.answered;
    if (line.state && line.state !== given.state) line.element.style.minHeight = `${line.element.offsetHeight}px`;
    line.state = given.state;
    line.element.dataset.state = given.state;
    const gone = given.state === "struck";
    if (!gone || given.who) {
      write(line.name, given.who);
      write(line.more, given.more);
      line.who.title = `${given.where} ${given.who} ${given.more}`;
    }
    for (const { input } of gone ? line.cells : []) {
      input.disabled = true; // what stood there is still seen, until the row is put back
      input.setAttribute("aria-invalid", "false");
    }
    for (const [at, each] of given.cells.entries()) {
      const cell = line.cells[at] ?? this.cell(line, each, data);
      this.fill(cell, each, given, waiting(cell));
    }
    write(line.fault, given.words);
    write(line.offer, given.advice ? `建议：${given.advice}` : ""); // what the fault says itself, or the button, once
    line.words.title = [given.words, given.advice].filter(Boolean).join("\n");
    const open = given.state === "open";
    line.accept.hidden = !open || !given.offer;
    write(line.accept, given.strikes ? "采纳：删去" : "采纳");
    line.other.hidden = given.state === "struck" || !given.row || (open && given.strikes);
    const held = this.held();
    line.strike.hidden = !open || !given.row;
    line.back.hidden = given.state !== "struck" || !given.row;
    if (held?.hidden && line.acts.contains(held)) this.stay(line); // what was pressed is no longer to be pressed
    if (!waiting(line) && !line.cells.some(waiting)) delete line.element.dataset.busy;
  }

  /** The hand stays in its line: on the way back of what it did, else where the line can be mended. */
  stay({ acts, cells }) {
    const next = [...acts.children].reverse().find((button) => !button.hidden) ?? cells.find(({ input }) => !input.disabled)?.input;
    next?.focus({ preventScroll: true });
  }

  fill(cell, each, given, waiting) {
    const { input } = cell;
    const label = `${given.where} ${given.who} ${each.heading}`;
    if (input.getAttribute("aria-label") !== label) input.setAttribute("aria-label", label);
    input.setAttribute("aria-invalid", String(given.state === "open" && !waiting));
    const disabled = given.state === "struck" || each.fixed;
    if (input.disabled !== disabled) input.disabled = disabled;
    if (waiting) return; // typed since: what the office has is older
    const answered = cell.n > cell.told;
    if (answered) {
      cell.told = cell.n;
      if (this.held() !== input || input.value === cell.shown) this.keep(cell);
    }
    const known = !cell.select || [...input.options].some((option) => option.value && option.value === each.value);
    const value = known ? each.value : "";
    if (cell.select) write(cell.nothing, known ? "请选择" : each.value || "请选择");
    const first = cell.shown === null;
    if (answered || first) cell.base = each.value;
    if (!first && (this.held() === input || input.value !== cell.shown)) return; // the hand's own
    input.value = cell.shown = value;
    cell.base = each.value;
    if (!first) return;
    const typed = this.typed[input.dataset.cell]; // before the page was loaded again
    if (typed === undefined || typed === value || disabled || cell.select) this.keep(cell);
    else {
      input.value = typed;
      this.back = input;
    }
  }

  // The page may draw the sheet into another place: it goes along, with focus and caret.
  place(host) {
    if (this.root.parentNode === host) return;
    const held = this.held();
    const caret = held && "selectionStart" in held ? [held.selectionStart, held.selectionEnd] : null;
    const top = this.list.scrollTop;
    host.replaceChildren(this.root);
    this.list.scrollTop = top;
    if (held) {
      held.focus({ preventScroll: true });
      if (caret) held.setSelectionRange(...caret);
    }
  }
}

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  if (!sheets.has(data.key)) sheets.set(data.key, new Sheet(data.key));
  const sheet = sheets.get(data.key);
  sheet.send = (acts) => setStateValue("acts", acts);
  sheet.place(parentElement.querySelector(".place"));
  sheet.update(data);
  return () => {
    clearTimeout(sheet.timer); // what was not answered stays in its queue, should the page come back
  };
}
