// The rows of the queue: made from a <template>, patched in place, placed in the order asked for.

import { drawSla } from "./countdown.js";
import { setData, setText } from "./dom.js";
import { ageText, countText, momentText, sourceName } from "./format.js";
import { urlFromView } from "./url.js";

const ACTIONS = {
  open: ["acknowledge", "Acknowledge"],
  in_progress: ["acknowledge", "Acknowledge"],
  acknowledged: ["reopen", "Reopen"],
};
const GONE = { open: "Reopened", in_progress: "In progress", acknowledged: "Acknowledged" };
const ANALYSIS = {
  received: "analysing",
  enriched: "analysing",
  analysed: "RCA ready",
  notified: "RCA ready",
  failed: "analysis failed",
};

export function detailLine(row) {
  return [
    row.id,
    row.priority,
    sourceName(row.source),
    row.occurrences > 1 ? `${countText(row.occurrences)} occurrences` : "",
    ANALYSIS[row.processing] || "",
    row.suppressed ? "suppressed" : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

export class Rows {
  constructor(body, template) {
    this.body = body;
    this.template = template;
    this.drawn = new Map();
    this.mayAct = true;
  }

  make(id) {
    const element = this.template.content.firstElementChild.cloneNode(true);
    element.dataset.id = id;
    const parts = { element };
    for (const part of element.querySelectorAll("[data-part]")) parts[part.dataset.part] = part;
    return parts;
  }

  /** Writes what a row says; `gone` marks one that has left the list but may not move yet. */
  patch(parts, row, view, now, gone) {
    parts.row = row;
    parts.gone = gone;
    setData(parts.element, "severity", row.severity);
    setData(parts.element, "gone", gone ? "yes" : "no");
    setData(parts.severity, "severity", row.severity);
    setText(parts.severity, row.severity);
    setText(parts.title, row.title);
    parts.title.href = urlFromView({ ...view, ticket: row.id });
    parts.title.title = row.title;
    setText(parts.line, detailLine(row));
    setText(parts.team, row.team);
    setText(parts.owner, row.owner.split("@")[0] || "Unassigned");
    parts.owner.title = row.owner;
    setData(parts.owner, "owned", row.owner ? "yes" : "no");
    this.patchAction(parts, row, gone);
    this.tickOne(parts, now);
  }

  patchAction({ action, outcome, title }, row, gone) {
    const [verb, label] = ACTIONS[row.status] || ["", ""];
    const isOffered = this.mayAct && verb && !gone;
    // A focus that was put here by the keyboard must not fall off the page with the button.
    if (!isOffered && action.matches(":focus-visible")) title.focus();
    action.hidden = !isOffered;
    outcome.hidden = !gone;
    setText(outcome, gone ? GONE[row.status] || "Left the list" : "");
    if (!isOffered) return;
    setData(action, "verb", verb);
    setText(action.firstElementChild, label);
    setText(action.lastElementChild, ` ${row.title}`);
  }

  tickOne(parts, now) {
    const { row } = parts;
    drawSla(parts.sla, row, now);
    const isClosed = row.status === "acknowledged";
    setText(parts.age, isClosed ? momentText(row.acked, now) : ageText(now - row.created));
  }

  tick(now) {
    for (const parts of this.drawn.values()) this.tickOne(parts, now);
  }

  /** Makes the body hold exactly `ids`, in that order, moving as few elements as it can. */
  draw(ids, state, dirty, gone, now) {
    const wanted = new Set(ids);
    for (const [id, parts] of this.drawn) {
      if (wanted.has(id)) continue;
      parts.element.remove();
      this.drawn.delete(id);
    }
    let cursor = this.body.firstElementChild;
    for (const id of ids) {
      const parts = this.drawOne(id, state, dirty, gone.has(id), now);
      if (!parts) continue;
      if (parts.element === cursor) cursor = cursor.nextElementSibling;
      else this.body.insertBefore(parts.element, cursor);
    }
  }

  drawOne(id, state, dirty, isGone, now) {
    const row = state.tickets.get(id);
    let parts = this.drawn.get(id);
    if (!row) return parts;
    if (!parts) {
      parts = this.make(id);
      this.drawn.set(id, parts);
      this.patch(parts, row, state.view, now, isGone);
    } else if (dirty.has(id) || dirty.has("*") || parts.gone !== isGone) {
      this.patch(parts, row, state.view, now, isGone);
    }
    return parts;
  }

  linkOf(id) {
    return this.drawn.get(id)?.title;
  }
}
