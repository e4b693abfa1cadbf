// The dialog of the search opens with its box under the hand: once it stands it takes the focus itself, and hands it on.
export default function () {
  for (const wait of [0, 50, 150, 300, 600]) setTimeout(() => {
    const dialog = document.querySelector("[role=dialog]"), field = dialog?.querySelector("input")
    if (field && document.activeElement === dialog) field.focus()
  }, wait)
}
