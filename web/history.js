// One act of the hand is one step of the history (后退). Streamlit makes a step of each parameter of an address, and of
// another page two: the way back led through addresses that nobody had opened.
// A form that becomes a draft or a record is the same step: its former address would draw an empty one.
export default function () {
  if (globalThis.stepByStep) return
  globalThis.stepByStep = true
  let acted = true
  for (const act of ["pointerdown", "click", "keydown"]) addEventListener(act, () => { acted = true }, { capture: true, passive: true })
  addEventListener("popstate", () => { acted = false })
  const { pushState, replaceState } = History.prototype
  history.pushState = function (state, title, address) {
    const to = new URL(address, location.href)
    const form = location.pathname.endsWith("/paper") && !new URLSearchParams(location.search).has("item")
    const step = acted && !(form && to.pathname === location.pathname)
    acted = false
    ;(step ? pushState : replaceState).call(this, state, title, address)
  }
}
