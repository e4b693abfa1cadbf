// A file that was handed in, shown where it is read, by the address that ends with its name: a PDF or an image.

export default function ({ data, parentElement }) {
  const place = parentElement.querySelector(".paper")
  const made = document.createElement(data.pdf ? "iframe" : "img")
  made.src = data.pdf ? `${data.address}#navpanes=0` : data.address // the whole width is the page's
  made.title = made.alt = data.name
  place.replaceChildren(made)

  // A file that was clicked into takes all keys, Esc too: that is said, and is over once the mouse is outside.
  const held = parentElement.querySelector(".held")
  const inside = () => place.getRootNode().activeElement === made
  const taken = () => setTimeout(() => { held.hidden = !inside() })
  const back = () => {
    if (!inside()) return
    window.focus()
    place.focus({ preventScroll: true })
    held.hidden = true
  }
  held.querySelector("button").onclick = back
  place.onmouseleave = back
  window.addEventListener("blur", taken)
  window.addEventListener("focus", taken)
  return () => {
    window.removeEventListener("blur", taken)
    window.removeEventListener("focus", taken)
  }
}
