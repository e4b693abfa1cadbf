// The head of a printed page (打印件页眉): when it is printed, and what the list was narrowed by; it opens the dialog.

const FIELDS = "stTextInput stSelectbox stDateInput".split(" ").map(name => `[data-testid=stMain] [data-testid=${name}]`)
const running = () => document.querySelector("[data-testid=stApp]")?.dataset.testScriptState !== "notRunning"

/** What the list was asked for: the fields above it that say something; those of forms and of folded parts do not. */
function narrowed() {
  const said = []
  const list = document.querySelector("[data-testid=stMain] .stBidiComponent:not(.st-key-printed *)")
  for (const field of document.querySelectorAll(FIELDS.join(","))) {
    if (field.closest("[data-testid=stForm], details, [data-testid=stDialog]")) continue
    if (list && !(field.compareDocumentPosition(list) & Node.DOCUMENT_POSITION_FOLLOWING)) continue
    const label = field.querySelector("[data-testid=stWidgetLabel] p")?.textContent ?? ""
    const typed = field.querySelector("input")?.value || ""
    if (label && typed && typed !== "全部" && !typed.startsWith("不限")) said.push(`${label}：${typed}`)
  }
  return said.join("　")
}

const places = new WeakMap()

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".printed")
  const drawn = performance.now()
  const told = places.get(root) ?? {}
  places.set(root, told)
  const write = () => {
    const now = new Date(Date.parse(data.now) + performance.now() - drawn)
    const when = now.toLocaleString("sv-SE", { timeZone: "Asia/Shanghai" }).slice(0, 16)
    root.querySelector(".whose").textContent = data.whose
    root.querySelector(".asked").textContent = narrowed()
    root.querySelector(".when").textContent = `打印时间：${when}　${data.who}　含个人信息的，仅限办理业务使用，不得转发。`
  }
  window.removeEventListener("beforeprint", told.write)
  told.write = write
  window.addEventListener("beforeprint", write)
  write()
  clearInterval(told.timer)
  if (data.asked) {
    const since = performance.now()
    told.timer = setInterval(() => {
      if (running() || performance.now() - since < 400) return // until the last list is drawn
      clearInterval(told.timer)
      window.addEventListener("afterprint", () => setTriggerValue("done", true), { once: true })
      window.print()
    }, 100)
  }
  return () => {
    window.removeEventListener("beforeprint", told.write)
    clearInterval(told.timer)
  }
}
