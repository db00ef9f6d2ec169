// Put on the look that was chosen here before the page is painted; a plain script, so that nothing flashes.
(() => {
  try {
    const theme = localStorage.getItem("mem.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // No store in this window: the look of the system it is.
  }
})();
