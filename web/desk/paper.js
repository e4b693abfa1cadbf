// A file that was handed in, shown where it is read. What it is follows from its bytes; nothing else is ever drawn.

export default function ({ data, parentElement }) {
  const place = parentElement.querySelector(".paper")
  const bytes = data instanceof Uint8Array ? data : new Uint8Array(data ?? [])
  const pdf = bytes[0] === 0x25 && bytes[1] === 0x50
  const type = pdf ? "application/pdf" : bytes[0] === 0x89 ? "image/png" : "image/jpeg"
  const address = URL.createObjectURL(new Blob([bytes], { type }))
  const made = document.createElement(pdf ? "iframe" : "img")
  made.src = address
  made.title = made.alt = "材料"
  place.replaceChildren(made)
  return () => URL.revokeObjectURL(address)
}
