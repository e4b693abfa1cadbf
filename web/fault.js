// What a refusal asks for comes under the hand: the first of these fields on the page, clear of what lies over it.
const HEAD = 80, AIR = 24
// A field before a button, whatever stands first: its help stands in its label.
const WAYS_IN = ["textarea, input:not([type=file])", "button:not([tabindex='-1']), [tabindex='0']"]
const classOf = (key) => `st-key-${key.replace(/[^a-zA-Z0-9_-]/g, "-")}`

function first(keys) {
  const holders = keys.flatMap((key) => [...document.getElementsByClassName(classOf(key))]).filter((each) => each.offsetParent)
  const places = (one, other) => (one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1)
  return holders.sort(places)[0]
}

function bring(holder) {
  const bar = document.querySelector(".st-key-bar")
  if (bar?.contains(holder)) return
  const foot = (bar ?? document.documentElement).getBoundingClientRect()[bar ? "top" : "bottom"]
  const { top, bottom } = holder.getBoundingClientRect()
  if (top >= HEAD && bottom <= foot - AIR) return
  holder.scrollIntoView({ block: "nearest" })
  const now = holder.getBoundingClientRect(), middle = (HEAD + foot) / 2
  document.querySelector("[data-testid=stMain]")?.scrollBy(0, now.top + Math.min(now.height, 200) / 2 - middle)
}

export default function ({ data }) {
  if (globalThis.faultShown === data.n) return
  globalThis.faultShown = data.n
  const ended = new AbortController()
  for (const sign of ["wheel", "touchmove", "pointerdown", "keydown", "input"])
    document.addEventListener(sign, () => ended.abort(), { capture: true, passive: true, signal: ended.signal })
  const show = () => {
    const holder = !ended.signal.aborted && first(data.keys)
    if (!holder) return
    bring(holder)
    const field = WAYS_IN.map((each) => holder.querySelector(each)).find(Boolean)
    if (field && !holder.contains(document.activeElement)) field.focus({ preventScroll: true })
  }
  for (const wait of [0, 300, 900]) setTimeout(show, wait) // the page settles: what stands above may still grow
  setTimeout(() => ended.abort(), 1000)
}
