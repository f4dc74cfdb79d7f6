// Single-key commands. Off inside inputs, with a modifier held, and when the reader has switched them off.

const KEY = "keyboard";

/** The command a key means, or null. Pure: `where` says whether a dialog is open and whether a row has the focus. */
export function commandFor(key, where) {
  if (where.dialogOpen) return key === "a" && where.ticketOpen ? "acknowledge" : null;
  if (key === "Escape") return where.rowFocused ? "leave" : null;
  if (key === "ArrowDown" || key === "ArrowUp")
    return where.rowFocused ? (key === "ArrowDown" ? "next" : "previous") : null;
  return (
    {
      "/": "search",
      j: "next",
      k: "previous",
      a: where.rowFocused ? "acknowledge" : null,
      1: "tab:open",
      2: "tab:in_progress",
      3: "tab:closed",
      "?": "help",
    }[key] ?? null
  );
}

export function isOn() {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
}

export function switchTo(on) {
  try {
    localStorage.setItem(KEY, on ? "on" : "off");
  } catch {
    // without storage the choice cannot be kept
  }
}

const isTyping = (element) =>
  Boolean(element?.closest?.("input:not([type=checkbox]), select, textarea, [contenteditable]"));

/** Calls `run(command)` for each command; `where()` describes the page at that moment. */
export function listen(where, run) {
  document.addEventListener("keydown", (event) => {
    if (
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      event.defaultPrevented ||
      !isOn() ||
      isTyping(event.target)
    )
      return;
    const command = commandFor(event.key, where());
    if (!command) return;
    event.preventDefault();
    run(command);
  });
}
