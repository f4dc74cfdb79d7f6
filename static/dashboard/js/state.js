// What the page knows, as a pure function: reduce(state, action) -> state. No DOM, no clock, no network.
//
// Tickets live in a Map by id. An event or a list row carries `version`; what is not newer than the row held
// is dropped, so the order in which lists, events and answers arrive does not matter. `dirty` collects the ids
// to redraw until the painter says "flushed".

import { personName, ticketTitle } from "./format.js";

export const STATUS_TABS = ["open", "in_progress", "closed"];
const TAB_OF_STATUS = { open: "open", in_progress: "in_progress", acknowledged: "closed" };
// Closed tickets arrive all day on a wall display; beyond this many the oldest are let go.
export const CLOSED_KEPT = 2000;

export const tabOf = (row) => TAB_OF_STATUS[row.status];

export function initialState(view) {
  return {
    view,
    tickets: new Map(),
    dirty: new Set(),
    generation: 0,
    load: { open: "none", in_progress: "none", closed: "none" },
    next: { open: null, in_progress: null, closed: null },
    error: "",
    hits: { query: "", ids: new Set() },
    board: null,
    me: null,
    seq: null, // the newest event applied; null until one is known
    lastEventAt: null,
    news: [],
  };
}

const time = (value) => (value ? Date.parse(value) || null : null);

/** The few fields a row needs, with times as numbers; five thousand full tickets would be megabytes. */
export function toRow(raw, generation = 0) {
  const created = time(raw.timestamp);
  const due = time(raw.sla_due_at) ?? (created && raw.sla_seconds ? created + raw.sla_seconds * 1000 : null);
  return {
    id: raw.id,
    version: raw.version ?? null,
    status: raw.status,
    severity: raw.severity || "Medium",
    priority: raw.priority || "",
    source: raw.source || "",
    title: ticketTitle(raw),
    team: raw.finops_team || "Unknown",
    owner: personName(raw.assigned_to) || (raw.status === "acknowledged" ? personName(raw.ack_user) : ""),
    occurrences: raw.occurrences || 1,
    suppressed: Boolean(raw.suppressed),
    processing: raw.processing_state || "",
    verdict: raw.sla_status || "",
    created,
    due,
    acked: time(raw.ack_ts),
    text: [
      raw.id,
      raw.pipeline,
      raw.run_id,
      raw.itsm_ticket_id,
      raw.error_type,
      raw.error_message?.slice(0, 300),
    ]
      .filter(Boolean)
      .join("\n")
      .toLowerCase(),
    generation,
  };
}

function put(next, row) {
  const held = next.tickets.get(row.id);
  // After a reset whatever is read is newer than what was held, even where a restored database counts lower.
  const isComparable = held && held.generation === row.generation && row.version !== null;
  if (isComparable && held.version !== null && row.version <= held.version) return null;
  next.tickets.set(row.id, row);
  next.dirty.add(row.id);
  return { held, row };
}

function moveCount(board, from, to) {
  if (!board || from === to) return board;
  const next = { ...board };
  if (from && next[from]) next[from] = { ...next[from], count: Math.max(0, next[from].count - 1) };
  if (to && next[to]) next[to] = { ...next[to], count: next[to].count + 1 };
  return next;
}

function applyEvent(next, event) {
  if (event.seq > next.seq) next.seq = event.seq;
  if (!event.ticket || !event.ticket.id) return;
  const change = put(next, toRow(event.ticket, next.generation));
  if (!change) return;
  const { held, row } = change;
  next.lastEventAt = Math.max(next.lastEventAt || 0, event.at || 0) || next.lastEventAt;
  // An unknown ticket that is not new was counted by the board before: only known moves are counted here.
  if (held || event.event === "new_ticket") {
    next.board = moveCount(next.board, held && tabOf(held), tabOf(row));
  }
  if (event.event === "new_ticket" && !held && row.severity === "Critical" && row.status === "open") {
    next.news.push({ kind: "critical", id: row.id, title: row.title });
  }
  if (event.event === "sla_breached") next.news.push({ kind: "breach", id: row.id, title: row.title });
}

function dropOldClosed(next) {
  const closed = [...next.tickets.values()].filter((row) => row.status === "acknowledged");
  if (closed.length <= CLOSED_KEPT) return;
  closed.sort((a, b) => (b.acked || 0) - (a.acked || 0));
  for (const row of closed.slice(CLOSED_KEPT)) {
    next.tickets.delete(row.id);
    next.dirty.add(row.id);
  }
}

const draft = (state) => ({
  ...state,
  tickets: new Map(state.tickets),
  dirty: new Set(state.dirty),
  news: [...state.news],
});

const reducers = {
  /** A frame from the socket, or the ticket an action answered with. */
  events(state, { events }) {
    const next = draft(state);
    for (const event of events) applyEvent(next, event);
    dropOldClosed(next);
    return next;
  },

  loading(state, { tab }) {
    return { ...state, error: "", load: { ...state.load, [tab]: "loading" } };
  },

  /** One page of a list. The last page of a whole list (`load` "all") removes what the list no longer has. */
  page(state, { tab, tickets, next: url, load }) {
    const next = draft(state);
    for (const raw of tickets) put(next, toRow(raw, next.generation));
    next.next = { ...state.next, [tab]: load === "part" ? url : null };
    next.load = { ...state.load, [tab]: load };
    if (load === "all") {
      for (const row of next.tickets.values()) {
        if (tabOf(row) === tab && row.generation < next.generation) {
          next.tickets.delete(row.id);
          next.dirty.add(row.id);
        }
      }
    }
    return next;
  },

  /** What the server found for a search: it looks into root causes too, which the page does not hold. */
  hits(state, { query, tickets }) {
    const next = draft(state);
    for (const raw of tickets) put(next, toRow(raw, next.generation));
    const found = tickets.map((raw) => raw.id);
    const earlier = state.hits.query === query ? state.hits.ids : [];
    return { ...next, hits: { query, ids: new Set([...earlier, ...found]) } };
  },

  /** The event log no longer reaches back to what was seen: everything is to be read anew. */
  reset(state, { seq = null }) {
    return {
      ...state,
      seq,
      generation: state.generation + 1,
      load: { open: "none", in_progress: "none", closed: "none" },
      next: { open: null, in_progress: null, closed: null },
    };
  },

  failed: (state, { tab, message }) => ({
    ...state,
    error: message,
    load: { ...state.load, [tab]: "failed" },
  }),
  view: (state, { view }) => ({ ...state, view }),
  board(state, { board }) {
    const at = time(board.last_event_at);
    return { ...state, board, lastEventAt: Math.max(at || 0, state.lastEventAt || 0) || null };
  },
  me: (state, { me }) => ({ ...state, me }),
  seq: (state, { seq }) => ({ ...state, seq: Math.max(seq, state.seq) }),
  flushed: (state) => ({ ...state, dirty: new Set(), news: [] }),
};

export function reduce(state, action) {
  const reducer = reducers[action.type];
  if (!reducer) throw new Error(`Unknown action ${action.type}`);
  return reducer(state, action);
}
