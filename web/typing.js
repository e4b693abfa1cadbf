// Typing that saves itself: a text field of a form hands over what was typed after a pause, and keeps focus and caret.
// Streamlit takes the text of a field when the field is left: so it is told that, and nobody has left. Never while an
// input method is still composing. What the server has not said it has waits in this tab, and is typed again after F5.
const PAUSE = 800, LATE = 60000, AGAIN = 300
const watched = new WeakMap()

const fieldOf = (element) =>
  element instanceof HTMLInputElement && element.closest("[data-testid=stTextInput]") ? element
    : element instanceof HTMLTextAreaElement ? element : null
const keyOf = (element, prefix) => {
  const holder = element.closest(`[class*="st-key-${prefix}"]`)
  return holder && [...holder.classList].find((name) => name.startsWith(`st-key-${prefix}`))
}
const waiting = (place) => JSON.parse(sessionStorage.getItem(place) ?? "{}")
const wait = (place, all) =>
  Object.keys(all).length ? sessionStorage.setItem(place, JSON.stringify(all)) : sessionStorage.removeItem(place)

function watch() {
  const here = { data: null, field: null, timer: null, again: null }
  const handOver = () => {
    clearTimeout(here.timer)
    const field = here.field
    here.field = null
    if (field?.isConnected) field.dispatchEvent(new FocusEvent("focusout", { bubbles: true }))
  }
  const heard = (event) => {
    const field = fieldOf(event.target), key = field && keyOf(field, here.data.prefix)
    if (!key) return
    if (here.field && here.field !== field) handOver()
    here.field = field
    wait(here.data.place, { ...waiting(here.data.place), [key]: { value: field.value, at: Date.now() } })
    clearTimeout(here.timer)
    if (!event.isComposing) here.timer = setTimeout(handOver, PAUSE)
  }
  const listeners = [[document, "input", heard], [document, "compositionend", heard], [window, "pagehide", handOver]]
  for (const [target, name, listener] of listeners) target.addEventListener(name, listener, true)
  // What the server has, as it was typed, need not wait any longer; nor what nobody came back for.
  here.settle = () => {
    const all = waiting(here.data.place)
    for (const [key, { value, at }] of Object.entries(all)) {
      if (here.data.stands[key] === value || !(Date.now() - at < LATE)) delete all[key]
    }
    wait(here.data.place, all)
    return all
  }
  // After F5 the fields may be drawn later than this is, and drawn anew at once: until the server has it.
  here.putBack = () => {
    const [[key, { value }] = [null, {}]] = Object.entries(here.settle())
    if (!key) return
    here.again = setTimeout(here.putBack, AGAIN)
    const field = document.querySelector(`.${CSS.escape(key)} :is(input, textarea)`)
    if (!field || field.disabled || here.field) return // somebody is typing: that is handed over first
    Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value").set.call(field, "")
    Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value").set.call(field, value)
    field.dispatchEvent(new InputEvent("input", { bubbles: true }))
    setTimeout(handOver, 50)
  }
  here.gone = () => {
    handOver()
    clearTimeout(here.again)
    sessionStorage.removeItem(here.data.place)
    for (const [target, name, listener] of listeners) target.removeEventListener(name, listener, true)
  }
  return here
}

export default function ({ data, parentElement }) {
  const root = parentElement.host ?? parentElement
  const first = !watched.has(root)
  if (first) watched.set(root, watch())
  const here = watched.get(root)
  if (here.data && here.data.place !== data.place) sessionStorage.removeItem(here.data.place) // saved: it has a number
  here.data = data
  if (first) here.putBack()
  else here.settle()
  return () => { here.gone(); watched.delete(root) }
}
