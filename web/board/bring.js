// What a click opened stands screens below it: it is brought into view, once its place is settled, unless the reader has moved.
// And so are the tiles, once the rows are closed again.
let last = 0

export default function ({ data }) {
  if (data.nth === last) return
  last = data.nth
  let moved = false
  const leave = () => { moved = true }
  for (const kind of ["wheel", "touchmove", "keydown", "pointerdown"]) addEventListener(kind, leave, { once: true, passive: true })
  for (const wait of [50, 400, 1000]) setTimeout(() => {
    if (!moved) document.querySelector(`[class*="st-key-${data.place}"]`)?.scrollIntoView({ block: "start" })
  }, wait)
}
