// Typing that saves itself: a text field of a form hands over what was typed after a pause, and keeps focus and caret.
// Streamlit takes the text of a field when the field is left: so it is told that, and nobody has left. Never while an
// input method is still composing. What a reload would swallow waits in this tab until the form is drawn again.
const PAUSE = 800, LATE = 60000
const watched = new WeakMap()

const fieldOf = (element) =>
  element instanceof HTMLInputElement && element.closest("[data-testid=stTextInput]") ? element
    : element instanceof HTMLTextAreaElement ? element : null
const keyOf = (element, prefix) => {
  const holder = element.closest(`[class*="st-key-${prefix}"]`)
  return holder && [...holder.classList].find((name) => name.startsWith(`st-key-${prefix}`))
}

function watch() {
  const here = { data: null, field: null, timer: null }
  const handOver = () => {
    clearTimeout(here.timer)
    const field = here.field
    here.field = null
    if (field?.isConnected) field.dispatchEvent(new FocusEvent("focusout", { bubbles: true }))
  }
  const heard = (event) => {
    const field = fieldOf(event.target)
    if (!field || !keyOf(field, here.data.prefix)) return
    if (here.field && here.field !== field) handOver()
    here.field = field
    sessionStorage.removeItem(here.data.place)
    clearTimeout(here.timer)
    if (!event.isComposing) here.timer = setTimeout(handOver, PAUSE)
  }
  const left = () => {
    if (!here.field) return
    const typed = { key: keyOf(here.field, here.data.prefix), value: here.field.value, at: Date.now() }
    sessionStorage.setItem(here.data.place, JSON.stringify(typed))
    handOver()
  }
  const hidden = () => document.visibilityState === "hidden" && left() // comes before pagehide or after it
  const listeners = [
    [document, "input", heard], [document, "compositionend", heard],
    [document, "visibilitychange", hidden], [window, "pagehide", left],
  ]
  for (const [target, name, listener] of listeners) target.addEventListener(name, listener, true)
  here.handOver = handOver
  here.gone = () => {
    handOver()
    for (const [target, name, listener] of listeners) target.removeEventListener(name, listener, true)
  }
  return here
}

function putBack(place) {
  const kept = JSON.parse(sessionStorage.getItem(place) ?? "null")
  sessionStorage.removeItem(place)
  if (!kept?.key || Date.now() - kept.at > LATE) return
  const field = document.querySelector(`.${CSS.escape(kept.key)} :is(input, textarea)`)
  if (!field || field.value === kept.value) return
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value").set.call(field, kept.value)
  return field.dispatchEvent(new InputEvent("input", { bubbles: true }))
}

export default function ({ data, parentElement }) {
  const root = parentElement.host ?? parentElement
  const first = !watched.has(root)
  if (first) watched.set(root, watch())
  const here = watched.get(root)
  here.data = data
  if (first && putBack(data.place)) setTimeout(here.handOver, 50) // the page may be drawn anew at once
  return () => { here.gone(); watched.delete(root) }
}
