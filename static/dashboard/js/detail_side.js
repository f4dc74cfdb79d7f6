// What befell a ticket, for the side of its detail: timeline, notifications, remediation, similar tickets, record.

import { entryText, sealMark, sealState } from "./audit.js";
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
  const link = h("a", { href: address, data: { audit: ticket.id } }, "View all");
  return [h("p", {}, `${plural(entries.length, "entry", "entries")}${integrityOf(entries)}. `, link)];
}

function integrityOf(entries) {
  const states = entries.map(sealState).filter(Boolean);
  if (!states.length) return "";
  if (states.includes("broken")) return ", in a record that does not verify";
  const open = states.filter((state) => state === "unsealed").length;
  return open ? `, ${states.length - open} sealed, ${open} waiting for the next seal` : ", all sealed";
}
