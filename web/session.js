// Has the browser change the token of a sign-in for its HttpOnly cookie, and come back to the same address.
// From the bare address it comes to the page that its role begins with, where there is one.
// What was typed and the office does not have yet waits in this tab: gone for another account, and once somebody left.
export default function ({ data }) {
  if (sessionStorage.getItem("whose") !== data.whose) sessionStorage.clear()
  if (!data.token) return
  sessionStorage.setItem("whose", data.whose)
  fetch("/session", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token: data.token }),
  }).then(() => {
    if (location.pathname === "/" && data.first) location.assign(`/${data.first}`)
    else location.reload()
  })
}
