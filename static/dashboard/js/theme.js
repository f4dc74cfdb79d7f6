// Light or dark: the system's wish until the reader chooses. A classic script in the head, so that the first
// paint already has the right colours; a module would run too late.
"use strict";
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const read = () => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null; // storage may be blocked; then the system's wish stands
    }
  };
  const apply = (choice) => {
    root.dataset.theme = choice || (dark.matches ? "dark" : "light");
  };
  apply(read());
  dark.addEventListener("change", () => apply(read()));
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-theme-toggle]")) return;
    const choice = root.dataset.theme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem("theme", choice);
    } catch {
      // the choice lasts for this page
    }
    apply(choice);
  });
})();
