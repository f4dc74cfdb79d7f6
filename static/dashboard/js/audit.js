// The audit tab: the record as the server keeps it, newest first, by action and by ticket.

import { get, samePath } from "./api.js";
import { $, h, setText } from "./dom.js";
import { momentText, personName } from "./format.js";
import { listQuery, urlFromView } from "./url.js";

/** An audit entry's details may be a sentence or an object: shown as "key: value" text, never as markup. */
export function detailsText(details) {
  if (details === null || details === undefined) return "";
  if (typeof details !== "object") return String(details);
  return Object.entries(details)
    .filter(([, value]) => value !== null && value !== "")
    .map(
      ([key, value]) =>
        `${key.replaceAll("_", " ")}: ${typeof value === "object" ? JSON.stringify(value) : value}`,
    )
    .join(" · ");
}

/** What an entry says in one line: its sentence, else its details. */
export const entryText = ({ summary, details }) => summary || detailsText(details);

/** The details that the sentence does not hold already. */
export function furtherText({ summary, details }) {
  if (!summary || !details || typeof details !== "object") return "";
  const further = Object.entries(details).filter(([, value]) => !summary.includes(String(value)));
  return detailsText(Object.fromEntries(further));
}

const SEALS = {
  sealed: "sealed",
  unsealed: "waiting for the next seal",
  broken: "the record does not verify",
};

/** What the server says of an entry's integrity; nothing where it says nothing that is known here. */
export const sealState = ({ integrity }) => (Object.hasOwn(SEALS, integrity) ? integrity : "");

const lock = (state, ...words) =>
  h("span", { className: "lock", title: SEALS[state], data: { state } }, ...words);

/** A lock, closed or open, with the state in words for those who do not see it. */
export function sealMark(entry) {
  const state = sealState(entry);
  return state && lock(state, h("span", { className: "sr" }, SEALS[state]));
}

export class Audit {
  constructor(now) {
    this.now = now;
    this.next = null;
    $("audit-more").addEventListener("click", () => this.load(this.next, this.view));
  }

  /** Reads the first page for the view; a slower answer to an older question is dropped. */
  async show(view) {
    this.view = view;
    const query = listQuery(view);
    query.set("limit", "100");
    await this.load(`/api/audit-trail?${query}`, view, true);
  }

  async load(path, view, isFirst = false) {
    this.controller?.abort();
    this.controller = new AbortController();
    try {
      const { audits = [], next } = await get(path, this.controller.signal);
      if (isFirst) $("audit-rows").replaceChildren();
      this.next = samePath(next);
      $("audit-rows").append(...audits.map((entry) => this.row(entry, view)));
      this.learnActions(audits);
      this.drawState(view, "");
    } catch (error) {
      if (error.name !== "AbortError") this.drawState(view, error.message);
    }
  }

  row(entry, view) {
    const id = typeof entry.ticket === "string" ? entry.ticket : entry.ticket_id || "";
    const link = id && h("a", { href: urlFromView({ ...view, ticket: id }), data: { ticket: id } }, id);
    const further = furtherText(entry);
    const state = sealState(entry);
    const at = h(
      "time",
      { dateTime: entry.timestamp, title: entry.timestamp },
      momentText(entry.timestamp, this.now()),
    );
    return h(
      "tr",
      {},
      h("td", {}, at),
      h("th", { scope: "row" }, entry.action),
      h("td", {}, link),
      h("td", {}, personName(entry.actor || entry.user) || "system"),
      h(
        "td",
        { className: "details" },
        entryText(entry),
        further && h("span", { className: "muted clip" }, further),
      ),
      h("td", {}, state && lock(state), SEALS[state] || "unknown"),
    );
  }

  /** Actions met in the record join those offered; vendors' states make names that no list can hold. */
  learnActions(audits) {
    const known = new Set([...$("audit-actions").options].map((option) => option.value));
    for (const { action } of audits) {
      if (known.has(action)) continue;
      known.add(action);
      $("audit-actions").append(h("option", { value: action }));
    }
  }

  drawState(view, error) {
    const isEmpty = !$("audit-rows").firstElementChild;
    const what = view.action ? ` for '${view.action}'` : "";
    const whose = view.about ? ` about ${view.about}` : "";
    $("audit-table").hidden = isEmpty;
    setText(
      $("audit-note"),
      error || (isEmpty ? `No audit entry${what}${whose}.` : `Audit entries${what}${whose}, newest first.`),
    );
    $("audit-more").hidden = !this.next;
    $("audit-all").hidden = !view.action && !view.about;
  }
}
