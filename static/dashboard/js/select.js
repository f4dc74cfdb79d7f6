// Questions put to the state: which tickets, in which order, how many. Pure.

import { SEVERITIES } from "./format.js";
import { tabOf } from "./state.js";

const RISK_MS = 900_000;
const rank = (row) => {
  const at = SEVERITIES.indexOf(row.severity);
  return at < 0 ? SEVERITIES.length : at;
};

/** What breaches next, then the graver, then what nobody owns, then the older. */
function byUrgency(a, b) {
  return (
    (a.due ?? Infinity) - (b.due ?? Infinity) ||
    rank(a) - rank(b) ||
    Number(Boolean(a.owner)) - Number(Boolean(b.owner)) ||
    a.created - b.created ||
    (a.id < b.id ? -1 : 1)
  );
}

const byClosing = (a, b) => (b.acked || 0) - (a.acked || 0) || (a.id < b.id ? 1 : -1);

function matchesSla(row, wanted, now) {
  if (wanted === "breached") return row.due !== null && row.due < now;
  return row.due !== null && row.due >= now && row.due - now < RISK_MS;
}

function matchesOwner(row, wanted, me) {
  return wanted === "none"
    ? !row.owner
    : Boolean(row.owner && me) && [me.full_name, me.email].includes(row.owner);
}

/** Whether a row belongs to the view's tab and passes its filters and its search. */
export function matches(row, { view, hits, me }, now) {
  if (tabOf(row) !== view.tab) return false;
  for (const field of ["severity", "priority", "source", "team"]) {
    if (view[field] && row[field] !== view[field]) return false;
  }
  if (view.sla && view.tab !== "closed" && !matchesSla(row, view.sla, now)) return false;
  if (view.owner && !matchesOwner(row, view.owner, me)) return false;
  const query = view.search.toLowerCase();
  return !query || row.text.includes(query) || (hits.query === view.search && hits.ids.has(row.id));
}

/** The ids that the current view shows, in order. */
export function visibleIds(state, now) {
  const rows = [];
  for (const row of state.tickets.values()) if (matches(row, state, now)) rows.push(row);
  return rows.sort(state.view.tab === "closed" ? byClosing : byUrgency).map((row) => row.id);
}

/**
 * The order to draw. While a reader's pointer or focus is in the rows nothing may move: the order shown stays,
 * what left it is marked as gone, and what is new waits.
 */
export function arrange(shown, wanted, isHeld) {
  if (!isHeld || shown.length === 0) return { order: wanted, gone: new Set(), waiting: [] };
  const wantedSet = new Set(wanted);
  const shownSet = new Set(shown);
  return {
    order: shown,
    gone: new Set(shown.filter((id) => !wantedSet.has(id))),
    waiting: wanted.filter((id) => !shownSet.has(id)),
  };
}

/** The four figures; counted here once the whole open list is held, else as the server last said. */
export function figures(state, now) {
  const { board } = state;
  if (state.load.open !== "all") {
    return {
      open: board?.open.count ?? null,
      breached: board?.breached.count ?? null,
      oldestDue: Date.parse(board?.breached.oldest_due_at) || null,
      risk: board?.at_risk.count ?? null,
      nextDue: Date.parse(board?.at_risk.next_due_at) || null,
    };
  }
  const sum = { open: 0, breached: 0, oldestDue: null, risk: 0, nextDue: null };
  for (const row of state.tickets.values()) {
    if (row.status !== "open") continue;
    sum.open += 1;
    if (row.due === null) continue;
    if (row.due < now) {
      sum.breached += 1;
      sum.oldestDue = Math.min(sum.oldestDue ?? row.due, row.due);
    } else if (row.due - now < RISK_MS) {
      sum.risk += 1;
      sum.nextDue = Math.min(sum.nextDue ?? row.due, row.due);
    }
  }
  return sum;
}

export const FILTERS = ["severity", "priority", "source", "team", "sla", "owner"];

/** Whether anything narrows the view, so that an empty list can offer to clear it. */
export function isNarrowed(view) {
  return Boolean(view.search) || FILTERS.some((field) => view[field]);
}
