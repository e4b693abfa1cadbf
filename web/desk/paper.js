// A file that was handed in, shown where it is read. What it is follows from its bytes; nothing else is ever drawn.

export default function ({ data, parentElement }) {
  const place = parentElement.querySelector(".paper")
  const sent = data instanceof Uint8Array ? data : new Uint8Array(data ?? []) // its name, a NUL, its bytes
  const end = sent.indexOf(0), bytes = sent.subarray(end + 1)
  const pdf = bytes[0] === 0x25 && bytes[1] === 0x50
  const type = pdf ? "application/pdf" : bytes[0] === 0x89 ? "image/png" : "image/jpeg"
  const address = URL.createObjectURL(new Blob([bytes], { type }))
  const made = document.createElement(pdf ? "iframe" : "img")
  made.src = pdf ? `${address}#navpanes=0` : address // the whole width is the page's
  made.title = made.alt = new TextDecoder().decode(sent.subarray(0, Math.max(end, 0)))
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
    URL.revokeObjectURL(address)
  }
}
