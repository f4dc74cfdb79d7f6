// The ticket's detail in a native <dialog>: opened by address, kept fresh while open, focus given back on close.

import { get, ticketPath } from "./api.js";
import { drawSla } from "./countdown.js";
import { $, h, outLink, renderWhenChanged, setData, setText } from "./dom.js";
import * as parts from "./detail_parts.js";
import * as side from "./detail_side.js";
import { momentText, plural, sourceName, ticketTitle } from "./format.js";
import { toRow } from "./state.js";
import { emptyView, urlFromView } from "./url.js";

const REFRESH_MS = 700; // a busy ticket is read again at most this often
const ANY = ["open", "in_progress", "acknowledged"];
const BUTTONS = {
  acknowledge: ["open", "in_progress"],
  start: ["open"],
  reopen: ["in_progress", "acknowledged"],
  reanalyse: ANY,
};

const ticketAddress = (id) => urlFromView({ ...emptyView(), ticket: id });
const auditAddress = (id) => urlFromView({ ...emptyView(), tab: "audit", about: id });

export class Detail {
  /** `now()`, `canAct()`, `canApprove()` are asked; `onClose()` tells that the reader closed, `onTicket(ticket)` what was read. */
  constructor(callbacks) {
    Object.assign(this, callbacks);
    this.dialog = $("detail");
    this.id = "";
    this.dialog.addEventListener("close", () => this.id && this.onClose());
    this.dialog.addEventListener("click", (event) => this.clicked(event));
    setInterval(() => this.row && drawSla($("detail-sla"), this.row, this.now()), 1000);
  }

  clicked(event) {
    if (event.target === this.dialog) this.dialog.close(); // the backdrop
    const cite = event.target.closest("[data-cite]");
    const item = cite && document.getElementById(`evidence-${cite.dataset.cite}`);
    item?.scrollIntoView({ block: "nearest" });
    item?.focus();
  }

  /** Shows a ticket ("" closes). The row already held, if any, fills the header until the answer is here. */
  show(id, row) {
    if (id === this.id) return;
    this.id = id;
    clearTimeout(this.timer);
    if (!id) {
      this.row = null;
      this.ticket = null;
      if (this.dialog.open) this.dialog.close();
      return;
    }
    this.ticket = null;
    this.row = row || null;
    setText($("detail-title"), row?.title || id);
    setText($("detail-meta"), row ? "Loading…" : `Loading ${id}…`);
    $("detail-body").hidden = true;
    $("detail-problem").hidden = true;
    this.drawHead();
    if (!this.dialog.open) this.dialog.showModal();
    this.dialog.scrollTop = 0;
    this.refresh();
  }

  /** A newer version of the open ticket was announced. */
  changed(row) {
    // The version decides: the answer to our own reading comes back here too, and must not cause another one.
    if (row.id !== this.id || (this.ticket && (row.version ?? 0) <= (this.row.version ?? 0))) return;
    this.row = row;
    this.drawHead();
    this.refreshSoon();
  }

  refreshSoon() {
    if (this.isDue) return;
    this.isDue = true;
    this.timer = setTimeout(() => this.refresh(), REFRESH_MS);
  }

  async refresh() {
    const { id } = this;
    this.isDue = false;
    if (!id) return;
    try {
      const { ticket } = await get(ticketPath(id));
      if (id !== this.id) return;
      this.ticket = ticket;
      this.row = toRow(ticket);
      this.onTicket(ticket);
      this.draw();
    } catch (error) {
      if (id === this.id) this.problem(error);
    }
  }

  problem(error) {
    setText($("detail-problem"), error.status === 404 ? `There is no ticket ${this.id}.` : error.message);
    $("detail-problem").hidden = false;
    if (!this.ticket) setText($("detail-meta"), "");
  }

  drawHead() {
    const { row } = this;
    for (const id of ["detail-severity", "detail-priority", "detail-sla"]) $(id).hidden = !row;
    for (const [verb, states] of Object.entries(BUTTONS)) {
      const button = $(`detail-${verb}`);
      button.hidden = !row || !this.canAct() || !states.includes(row.status);
      button.dataset.id = this.id;
    }
    if (!row) return;
    setText($("detail-severity"), row.severity);
    setData($("detail-severity"), "severity", row.severity);
    setText($("detail-priority"), row.priority);
    setText($("detail-title"), row.title);
    drawSla($("detail-sla"), row, this.now());
  }

  draw() {
    const { ticket } = this;
    const now = this.now();
    $("detail-problem").hidden = true;
    $("detail-body").hidden = false;
    this.drawHead();
    setText($("detail-title"), ticketTitle(ticket));
    renderWhenChanged($("detail-meta"), [ticket, this.id], () => this.meta(ticket, now));
    const mayAct = this.canAct();
    const sections = {
      cause: () => parts.causePart(ticket, now, mayAct),
      evidence: () => parts.evidencePart(ticket, now),
      recommendations: () => parts.recommendationsPart(ticket, now, mayAct),
      error: () => parts.errorPart(ticket),
      payload: () => parts.payloadPart(ticket),
      timeline: () => side.timelinePart(ticket, now),
      deliveries: () => side.deliveriesPart(ticket, now, mayAct),
      remediation: () => side.remediationPart(ticket, now, this.canApprove()),
      similar: () => side.similarPart(ticket, ticketAddress),
      audit: () => side.auditPart(ticket, auditAddress(ticket.id)),
    };
    for (const [name, make] of Object.entries(sections)) {
      renderWhenChanged($(`detail-${name}`), this.sourceOf(name), make);
    }
    $("detail-note-form").hidden = !mayAct;
  }

  /** What a section is made from, so that a change elsewhere leaves its open <details> and its focus alone. */
  sourceOf(name) {
    const t = this.ticket;
    const common = [t.id, t.processing_state, this.canAct()];
    return {
      cause: [common, t.analyses, t.rca_result, t.rca_provider, t.confidence, t.cause_class],
      evidence: [common, t.evidence],
      recommendations: [common, t.steps],
      error: [t.id, t.error_message, t.error_code],
      payload: [t.id, t.raw_payload, t.blob_log_url],
      timeline: [t.id, t.timeline],
      deliveries: [common, t.deliveries],
      remediation: [common, this.canApprove(), t.remediation, t.auto_heal_possible],
      similar: [t.id, t.related, t.related_tickets, t.similar],
      audit: [t.id, t.timeline],
    }[name];
  }

  meta(ticket, now) {
    const links = ticket.links || {};
    const run = ticket.source?.startsWith("databricks") ? "Databricks run" : "Azure run";
    const offered = [
      [links.itsm_url, ticket.itsm_ticket_id || "Jira"],
      [links.run_url, run],
      [links.console_url && new URL(links.console_url, location.href).href, "Console"],
    ];
    const words = [
      ticket.id,
      sourceName(ticket.source),
      `opened ${momentText(ticket.timestamp, now)}`,
      plural(ticket.occurrences || 1, "occurrence"),
      ticket.suppressed && `suppressed: ${ticket.suppressed_by}`,
      ticket.finops_team && ticket.finops_team !== "Unknown" && `team ${ticket.finops_team}`,
      ticket.ack_user && `acknowledged by ${ticket.ack_user} ${momentText(ticket.ack_ts, now)}`,
    ];
    const linked = offered.filter(([address]) => address).map(([address, text]) => outLink(address, text));
    return [h("span", {}, words.filter(Boolean).join(" · ")), ...linked.flatMap((link) => [" · ", link])];
  }
}
