// On a narrow window the menu lies over the page: it is closed when the page is opened, and closes after a choice.
// Streamlit (seen in 1.67) remembers an open one for the next visit, and closes it on what it takes for a telephone only.
(() => {
  const narrow = matchMedia("(max-width: 768px)");
  if (narrow.matches)
    for (const key of Object.keys(localStorage))
      if (key.startsWith("stSidebarCollapsed-")) localStorage.removeItem(key);
  document.addEventListener("click", (event) => {
    if (!narrow.matches || !event.target.closest?.("[data-testid=stSidebarNavLink]")) return;
    const open = "[data-testid=stSidebar][data-collapsed=false] [data-testid=stSidebarCollapseButton] button";
    setTimeout(() => document.querySelector(open)?.click(), 50);
  });
})();
