// Tabs, search and filters: they write the view, and show the view that the address or a figure set.

import { $, fillSelect } from "./dom.js";
import { FILTERS, isNarrowed } from "./select.js";
import { exportUrl } from "./url.js";

const TABS = ["open", "in_progress", "closed", "audit"];
const SEARCH_REST_MS = 200;

export class Toolbar {
  /** `go(change, replace)` asks for another view; `replace` where typing should not fill the history. */
  constructor(go) {
    this.go = go;
    const tabs = $("tabs");
    tabs.addEventListener("click", (event) => {
      const tab = event.target.closest("[role=tab]");
      if (tab) this.choose(tab.dataset.tab);
    });
    tabs.addEventListener("keydown", (event) => this.arrow(event));
    $("filters").addEventListener("change", (event) => {
      if (event.target.tagName === "SELECT") go({ [event.target.name]: event.target.value });
      if (event.target.name === "action") go({ action: event.target.value.trim() });
    });
    $("filters").addEventListener("submit", (event) => event.preventDefault());
    $("search").addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => go({ search: $("search").value.trim() }, true), SEARCH_REST_MS);
    });
    for (const id of ["clear-filters", "clear"]) $(id).addEventListener("click", () => this.clear());
  }

  choose(tab) {
    this.go({ tab, about: "" });
  }

  clear() {
    const change = { search: "" };
    for (const field of FILTERS) change[field] = "";
    this.go(change);
    $("search").focus();
  }

  arrow(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -TABS.length, End: TABS.length }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = TABS.indexOf(event.target.dataset.tab);
    const to =
      Math.abs(step) > 1 ? (step < 0 ? 0 : TABS.length - 1) : (at + step + TABS.length) % TABS.length;
    this.choose(TABS[to]);
    $(`tab-${TABS[to]}`).focus();
  }

  show(view, teams) {
    for (const tab of TABS) {
      const isSelected = tab === view.tab;
      $(`tab-${tab}`).setAttribute("aria-selected", String(isSelected));
      $(`tab-${tab}`).tabIndex = isSelected ? 0 : -1;
    }
    const isAudit = view.tab === "audit";
    $("panel").hidden = isAudit;
    $("audit-panel").hidden = !isAudit;
    $("panel").setAttribute("aria-labelledby", `tab-${isAudit ? "open" : view.tab}`);
    $("ticket-filters").hidden = isAudit;
    $("audit-filters").hidden = !isAudit;
    if (document.activeElement !== $("search")) $("search").value = view.search;
    $("audit-action").value = view.action;
    fillSelect($("team"), teams, view.team);
    for (const field of FILTERS) if (field !== "team") $(field).value = view[field];
    $("sla").hidden = view.tab === "closed";
    $("clear").hidden = !isNarrowed(view) || isAudit;
    $("export").href = exportUrl(view);
  }
}
