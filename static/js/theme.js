// @ts-check
// Before the first paint: the chosen theme, so that nothing flashes.
(() => {
  try {
    const theme = localStorage.getItem("orch_theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage is switched off: the system's theme stays.
  }
})();
