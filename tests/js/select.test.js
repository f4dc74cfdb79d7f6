import assert from "node:assert/strict";
import { test } from "node:test";

import { arrange, figures, isNarrowed, visibleIds } from "../../static/dashboard/js/select.js";
import { initialState, reduce } from "../../static/dashboard/js/state.js";
import { emptyView } from "../../static/dashboard/js/url.js";
import { NOW, ticket } from "./helpers.js";

const due = (minutes) => new Date(NOW + minutes * 60_000).toISOString();

function holding(tickets, view = {}) {
  const state = initialState({ ...emptyView(), ...view });
  return reduce(state, { type: "page", tab: "open", tickets, next: null, load: "all" });
}

test("the order is what breaches next, then severity, then what nobody owns", () => {
  const state = holding([
    ticket("later", { sla_due_at: due(30) }),
    ticket("owned", { sla_due_at: due(10), severity: "Critical", assigned_to: "Ana" }),
    ticket("free", { sla_due_at: due(10), severity: "Critical" }),
    ticket("milder", { sla_due_at: due(10), severity: "Low" }),
    ticket("breached", { sla_due_at: due(-5), severity: "Low" }),
    ticket("endless", { sla_seconds: null }),
  ]);
  assert.deepEqual(visibleIds(state, NOW), ["breached", "free", "owned", "milder", "later", "endless"]);
});

test("closed tickets come newest first", () => {
  const closed = (id, minutes) => ticket(id, { status: "acknowledged", ack_ts: due(minutes) });
  const state = holding([closed("old", -60), closed("new", -1)], { tab: "closed" });
  assert.deepEqual(visibleIds(state, NOW), ["new", "old"]);
});

const FILTERED = [
  [{ severity: "Critical" }, ["crit"]],
  [{ priority: "P1" }, ["crit"]],
  [{ source: "synapse" }, ["syn"]],
  [{ team: "Finance" }, ["syn"]],
  [{ sla: "breached" }, ["late"]],
  [{ sla: "risk" }, ["crit"]],
  [{ owner: "none" }, ["late", "syn"]],
  [{ owner: "me" }, ["crit"]],
  [{ search: "RUN-SYN" }, ["syn"]],
  [{ search: "pl_orders", severity: "Critical" }, ["crit"]],
  [{ search: "no such thing" }, []],
];

for (const [view, expected] of FILTERED) {
  test(`the view ${JSON.stringify(view)} shows ${expected.join(", ") || "nothing"}`, () => {
    const state = holding(
      [
        ticket("crit", { severity: "Critical", priority: "P1", sla_due_at: due(14), assigned_to: "Ana" }),
        ticket("syn", { source: "synapse", finops_team: "Finance", sla_due_at: due(60) }),
        ticket("late", { sla_due_at: due(-1) }),
      ],
      view,
    );
    assert.deepEqual(visibleIds({ ...state, me: { full_name: "Ana" } }, NOW), expected);
  });
}

test("what the server found by root cause is shown for that search only", () => {
  let state = holding([ticket("A"), ticket("B")], { search: "upstream" });
  state = reduce(state, { type: "hits", query: "upstream", tickets: [ticket("B")] });
  assert.deepEqual(visibleIds(state, NOW), ["B"]);
  assert.deepEqual(visibleIds({ ...state, view: { ...state.view, search: "other" } }, NOW), []);
});

test("while a reader holds the list nothing moves, what left is marked and what is new waits", () => {
  const { order, gone, waiting } = arrange(["a", "b", "c"], ["new", "c", "a"], true);
  assert.deepEqual(order, ["a", "b", "c"]);
  assert.deepEqual([...gone], ["b"]);
  assert.deepEqual(waiting, ["new"]);
});

test("a list nobody holds, or an empty one, takes the new order at once", () => {
  assert.deepEqual(arrange(["a", "b"], ["b", "n"], false).order, ["b", "n"]);
  assert.deepEqual(arrange([], ["b"], true), { order: ["b"], gone: new Set(), waiting: [] });
});

test("the figures are counted from the rows once the whole open list is held", () => {
  const state = holding([
    ticket("A", { sla_due_at: due(-20) }),
    ticket("B", { sla_due_at: due(-5) }),
    ticket("C", { sla_due_at: due(3) }),
    ticket("D", { sla_due_at: due(40) }),
  ]);
  assert.deepEqual(figures(state, NOW), {
    open: 4,
    breached: 2,
    oldestDue: NOW - 1_200_000,
    risk: 1,
    nextDue: NOW + 180_000,
  });
});

test("before that they are the server's", () => {
  const board = {
    open: { count: 9 },
    breached: { count: 2, oldest_due_at: due(-9) },
    at_risk: { count: 1, next_due_at: null },
    last_event_at: null,
  };
  const state = reduce(initialState(emptyView()), { type: "board", board });
  assert.deepEqual(figures(state, NOW), {
    open: 9,
    breached: 2,
    oldestDue: NOW - 540_000,
    risk: 1,
    nextDue: null,
  });
});

test("a view is narrow when anything filters it", () => {
  assert.equal(isNarrowed(emptyView()), false);
  assert.equal(isNarrowed({ ...emptyView(), tab: "closed", ticket: "X" }), false);
  assert.equal(isNarrowed({ ...emptyView(), sla: "risk" }), true);
});
