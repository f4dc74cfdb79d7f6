// The view as an address: tab, filters, search and the open ticket can be shared, kept and walked back. Pure.

import { FILTERS } from "./select.js";

const TABS = ["open", "in_progress", "closed", "audit"];
const DEFAULTS = { tab: "open", search: "", ticket: "", action: "", about: "" };
for (const field of FILTERS) DEFAULTS[field] = "";

export const emptyView = () => ({ ...DEFAULTS });

export function viewFromUrl(search) {
  const parameters = new URLSearchParams(search);
  const view = emptyView();
  for (const key of Object.keys(view)) view[key] = (parameters.get(key) ?? view[key]).trim();
  if (!TABS.includes(view.tab)) view.tab = "open";
  return view;
}

export function urlFromView(view) {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(view))
    if (value && value !== DEFAULTS[key]) parameters.set(key, value);
  const text = parameters.toString();
  return text ? `?${text}` : "?";
}

const LIST_FIELDS = ["search", "severity", "priority", "source", "team", "owner"];
// A closed ticket's clock has stopped: there the page offers no SLA filter.
const FIELDS = { audit: ["action"], closed: LIST_FIELDS };

/** The filters of the view for a list or an export of the server. */
export function listQuery(view) {
  const parameters = new URLSearchParams();
  const fields = FIELDS[view.tab] || [...LIST_FIELDS, "sla"];
  for (const field of fields) if (view[field]) parameters.set(field, view[field]);
  if (view.tab === "audit" && view.about) parameters.set("ticket", view.about);
  return parameters;
}

const EXPORTS = {
  open: "open-tickets",
  in_progress: "in-progress-tickets",
  closed: "closed-tickets",
  audit: "audit-trail",
};

export const listName = (tab) => EXPORTS[tab];

export function exportUrl(view) {
  const query = listQuery(view).toString();
  return `/api/export/${EXPORTS[view.tab]}${query ? `?${query}` : ""}`;
}
