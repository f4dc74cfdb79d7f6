import assert from "node:assert/strict";
import { test } from "node:test";

import { CLOSED_KEPT, initialState, reduce, toRow } from "../../static/dashboard/js/state.js";
import { emptyView } from "../../static/dashboard/js/url.js";
import { event, NOW, ticket } from "./helpers.js";

const start = () => initialState(emptyView());
const run = (state, ...actions) => actions.reduce(reduce, state);
const events = (...list) => ({ type: "events", events: list });
const page = (tickets, more = {}) => ({
  type: "page",
  tab: "open",
  tickets,
  next: null,
  load: "all",
  ...more,
});
const board = () => ({
  open: { count: 5, last_hour: 1 },
  in_progress: { count: 2 },
  closed: { count: 9 },
  last_event_at: null,
});

test("an event older than the row held is dropped, whatever its number", () => {
  const state = run(
    start(),
    events(event(2, ticket("A", { version: 3, occurrences: 3 }))),
    events(event(9, ticket("A", { version: 2, occurrences: 2 }))),
  );
  assert.equal(state.tickets.get("A").occurrences, 3);
  assert.equal(state.seq, 9);
});

test("an event of the same version changes nothing and makes nothing dirty", () => {
  const first = run(start(), events(event(1, ticket("A"))), { type: "flushed" });
  const again = run(first, events(event(1, ticket("A", { occurrences: 7 }))));
  assert.equal(again.tickets.get("A").occurrences, 1);
  assert.equal(again.dirty.size, 0);
});

test("a ticket without a version is always taken", () => {
  const state = run(
    start(),
    events(event(1, ticket("A", { version: undefined }))),
    events(event(2, ticket("A", { version: undefined, occurrences: 4 }))),
  );
  assert.equal(state.tickets.get("A").occurrences, 4);
});

test("the reducer leaves the state it was given as it was", () => {
  const before = run(start(), page([ticket("A")]));
  const size = before.tickets.size;
  run(before, events(event(1, ticket("B"), "new_ticket")), page([]), { type: "reset" });
  assert.equal(before.tickets.size, size);
  assert.equal(before.seq, null);
});

test("a list page that comes after a newer event does not undo it", () => {
  const state = run(
    start(),
    events(event(5, ticket("A", { version: 4, status: "acknowledged" }))),
    page([ticket("A", { version: 3 })]),
  );
  assert.equal(state.tickets.get("A").status, "acknowledged");
});

test("after a reset the whole list read anew removes what the server no longer has", () => {
  const state = run(start(), page([ticket("A"), ticket("B")]), { type: "reset" }, page([ticket("A")]));
  assert.deepEqual([...state.tickets.keys()], ["A"]);
});

test("after a reset an event that came before the list is kept by it", () => {
  const state = run(
    start(),
    page([ticket("A")]),
    { type: "reset" },
    events(event(8, ticket("C"), "new_ticket")),
    page([ticket("A")]),
  );
  assert.deepEqual([...state.tickets.keys()], ["A", "C"]);
});

test("after a reset a lower version is believed: the database may have been restored", () => {
  const state = run(
    start(),
    page([ticket("A", { version: 9 })]),
    { type: "reset", seq: 3 },
    page([ticket("A", { version: 2, occurrences: 5 })]),
  );
  assert.equal(state.tickets.get("A").occurrences, 5);
  assert.equal(state.seq, 3);
});

test("a page that is not the last removes nothing", () => {
  const state = run(
    start(),
    page([ticket("A"), ticket("B")]),
    { type: "reset" },
    page([ticket("A")], { load: "loading", next: "/more" }),
  );
  assert.equal(state.tickets.size, 2);
  assert.equal(state.next.open, null);
});

test("counts follow a ticket from tab to tab", () => {
  const state = run(
    start(),
    { type: "board", board: board() },
    page([ticket("A")]),
    events(event(1, ticket("A", { version: 2, status: "in_progress" }))),
    events(event(2, ticket("A", { version: 3, status: "acknowledged" }))),
    events(event(3, ticket("N"), "new_ticket")),
  );
  assert.deepEqual(
    [state.board.open.count, state.board.in_progress.count, state.board.closed.count],
    [5, 2, 10],
  );
});

test("an update of a ticket never seen is not counted twice", () => {
  const state = run(
    start(),
    { type: "board", board: board() },
    events(event(1, ticket("X", { status: "acknowledged" }))),
  );
  assert.equal(state.board.closed.count, 9);
});

test("only new critical tickets and breaches make news, once", () => {
  const state = run(
    start(),
    events(
      event(1, ticket("A", { severity: "Critical" }), "new_ticket"),
      event(2, ticket("B"), "new_ticket"),
    ),
    events(event(1, ticket("A", { severity: "Critical" }), "new_ticket")),
    events(event(3, ticket("B", { version: 2 }), "sla_breached")),
  );
  assert.deepEqual(
    state.news.map((item) => [item.kind, item.id]),
    [
      ["critical", "A"],
      ["breach", "B"],
    ],
  );
  assert.equal(reduce(state, { type: "flushed" }).news.length, 0);
});

test("closed tickets beyond the bound are let go, the oldest first", () => {
  const closed = Array.from({ length: CLOSED_KEPT + 3 }, (_, index) =>
    event(
      index + 1,
      ticket(`T${index}`, { status: "acknowledged", ack_ts: new Date(NOW + index * 1000).toISOString() }),
    ),
  );
  const state = run(start(), events(...closed));
  assert.equal(state.tickets.size, CLOSED_KEPT);
  assert.equal(state.tickets.has("T0"), false);
  assert.equal(state.tickets.has(`T${CLOSED_KEPT + 2}`), true);
});

test("a row takes its deadline from the server, else from the moment it was opened", () => {
  assert.equal(
    toRow(ticket("A", { sla_due_at: "2026-11-20T18:00:00Z" })).due,
    Date.parse("2026-11-20T18:00:00Z"),
  );
  assert.equal(toRow(ticket("A")).due, Date.parse("2026-11-20T17:20:00Z"));
  assert.equal(toRow(ticket("A", { sla_seconds: null })).due, null);
});

test("an owner may be a name, an object or nobody", () => {
  assert.equal(toRow(ticket("A", { assigned_to: { full_name: "Ana", email: "a@b" } })).owner, "Ana");
  assert.equal(toRow(ticket("A", { assigned_to: null })).owner, "");
  assert.equal(toRow(ticket("A", { status: "acknowledged", ack_user: "Bo" })).owner, "Bo");
});

test("events without a ticket advance the number only", () => {
  const state = run(start(), events({ event: "something_new", seq: 4 }));
  assert.equal(state.seq, 4);
  assert.equal(state.tickets.size, 0);
});

test("an unknown action is refused by name", () => {
  assert.throws(() => reduce(start(), { type: "nonsense" }), /nonsense/);
});
