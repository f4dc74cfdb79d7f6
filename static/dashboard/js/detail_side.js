// What befell a ticket, for the side of its detail: timeline, notifications, remediation, similar tickets, record.

import { entryText } from "./audit.js";
import { empty, stamp } from "./detail_parts.js";
import { h } from "./dom.js";
import { momentText, personName, plural, spanText } from "./format.js";

const words = (text) => String(text).replaceAll("_", " ");
const list = (tag, className, items) => [h(tag, { className }, ...items)];

export function timelinePart(ticket, now) {
  const entries = ticket.timeline || [];
  if (!entries.length) return empty("Nothing has happened yet.");
  const items = entries.map((entry) => timelineItem(entry, now));
  // A long record scrolls in a box of its own, by keyboard too.
  return [h("ol", { className: "timeline", tabIndex: 0 }, ...items)];
}

function timelineItem(entry, now) {
  const details = entryText(entry);
  const who = personName(entry.actor);
  const what = h("span", {}, h("b", {}, entry.action), who && ` by ${who}`);
  const seal = sealMark(entry);
  if (seal) what.append(" ", seal);
  if (details) what.append(h("span", { className: "muted clip" }, details));
  return h("li", {}, stamp(entry.timestamp, now), what);
}

/** A closed or an open lock where the server says whether the entry has been sealed; nothing where it does not. */
export function sealState(entry) {
  const sealed = entry.sealed ?? entry.is_sealed;
  return sealed === undefined || sealed === null ? "" : sealed ? "sealed" : "open";
}

function sealMark(entry) {
  const state = sealState(entry);
  if (!state) return null;
  const words = state === "sealed" ? "sealed" : "waiting for the next seal";
  return h("span", { className: "lock", title: words, data: { state } }, h("span", { className: "sr" }, words));
}

const CHANNELS = { jira: "Jira", slack: "Slack", blob: "Blob storage" };
// States in which "send again" would only double what is done or under way.
const NO_NEED = /^(delivered|sent|succeeded|done|skipped|pending|queued|sending)$/;

export function deliveriesPart(ticket, now, mayAct) {
  const items = ticket.deliveries || [];
  if (!items.length) return empty("No notification: no channel is configured, or the analysis is not done.");
  return list(
    "ul",
    "deliveries",
    items.map((item) => deliveryItem(item, now, mayAct)),
  );
}

function deliveryItem(item, now, mayAct) {
  const name = `${CHANNELS[item.channel] || item.channel}, ${words(item.operation)}`;
  const head = h(
    "p",
    { className: "delivery" },
    h("b", {}, name),
    h("span", { className: "state", data: { state: item.state } }, words(item.state)),
    h(
      "span",
      { className: "muted" },
      `${plural(item.attempts || 0, "attempt")}, ${momentText(item.updated_at, now)}`,
    ),
  );
  if (mayAct && !NO_NEED.test(item.state)) head.append(button("Send again", name, { send: item.id }));
  const error = item.last_error && h("p", { className: "prose problem" }, item.last_error);
  const advice = item.advice && h("p", { className: "muted" }, item.advice);
  return h("li", {}, head, error, advice);
}

/** A button whose spoken name says what it is about: "Send again Slack, post". */
function button(label, about, data) {
  return h("button", { type: "button", data }, label, h("span", { className: "sr" }, ` ${about}`));
}

const AWAITS_A_PERSON = /propos|approval/;

export function remediationPart(ticket, now, mayApprove) {
  const items = ticket.remediation || [];
  if (!items.length) {
    const isHealable = ticket.auto_heal_possible;
    return empty(
      isHealable ? "Nothing has been tried yet." : "Not a failure that may be healed automatically.",
    );
  }
  return list(
    "ul",
    "",
    items.map((item) => remediationItem(item, now, mayApprove)),
  );
}

function remediationItem(item, now, mayApprove) {
  const name = words(item.playbook || item.action || "Attempt");
  const told = [words(item.state), item.result, item.detail || item.last_error].filter(Boolean).join(", ");
  const row = h("li", {}, h("b", {}, name), ` ${told} `, stamp(item.updated_at || item.created_at, now));
  if (mayApprove && AWAITS_A_PERSON.test(item.state)) {
    const choice = (label, answer) => button(label, name, { remediation: item.id, answer });
    row.append(h("p", { className: "choice" }, choice("Approve", "approve"), choice("Reject", "reject")));
  }
  return row;
}

function ticketItem(item, address) {
  const one = typeof item === "string" ? { id: item } : item;
  const id = one.id || one.ticket_id;
  const told = [
    one.relation && words(one.relation),
    one.error_type,
    one.status?.replaceAll("_", " "),
    one.outcome || one.resolution,
    one.ack_seconds && spanText(one.ack_seconds),
  ];
  const text = told.filter(Boolean).join(", ");
  return h("li", {}, h("a", { href: address(id), data: { ticket: id } }, id), text ? ` ${text}` : "");
}

export function similarPart(ticket, address) {
  const related = ticket.related_tickets || ticket.related || [];
  const similar = ticket.similar || [];
  if (!related.length && !similar.length)
    return empty("No other ticket is linked, and none like it has been closed.");
  const group = (name, items) =>
    items.length ? [h("h4", {}, name), h("ul", {}, ...items.map((item) => ticketItem(item, address)))] : [];
  return [...group("Related", related), ...group("Closed before", similar)];
}

/** How much of what is recorded about this ticket has been sealed, where the server says so. */
export function auditPart(ticket, address) {
  const entries = ticket.timeline || [];
  const sealed = entries.filter((entry) => sealState(entry) === "sealed").length;
  const isKnown = entries.some(sealState);
  const open = entries.length - sealed;
  let state = "";
  if (isKnown) state = open ? `, ${sealed} sealed, ${open} waiting for the next seal` : ", all sealed";
  const link = h("a", { href: address, data: { audit: ticket.id } }, "View all");
  return [h("p", {}, `${plural(entries.length, "entry", "entries")}${state}. `, link)];
}
