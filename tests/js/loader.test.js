import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Loader } from "../../static/dashboard/js/loader.js";
import { visibleIds } from "../../static/dashboard/js/select.js";
import { initialState, reduce } from "../../static/dashboard/js/state.js";
import { emptyView } from "../../static/dashboard/js/url.js";
import { NOW, ticket } from "./helpers.js";

globalThis.location = { href: "http://desk.example/dashboard" };
let asked;
let answers;
let placed;

beforeEach(() => {
  asked = [];
  answers = [];
  placed = 0;
  globalThis.fetch = async (path) => {
    asked.push(path);
    const answer = await answers.shift();
    return { ok: answer.status === undefined, status: answer.status ?? 200, json: async () => answer };
  };
});

function holding(view = {}) {
  const store = { state: initialState({ ...emptyView(), ...view }) };
  store.dispatch = (action) => (store.state = reduce(store.state, action));
  return store;
}

const closed = (id) => ticket(id, { status: "acknowledged", ack_ts: "2026-11-20T16:00:00Z" });

test("the open tickets are read page after page, by path only", async () => {
  const store = holding();
  answers = [
    { tickets: [ticket("A")], next: "https://other.example/api/open-tickets?cursor=2" },
    { tickets: [ticket("B")], next: null },
  ];
  await new Loader(store, () => (placed += 1)).list(store.state.view);
  assert.deepEqual(asked, ["/api/open-tickets?limit=500", "/api/open-tickets?cursor=2"]);
  assert.deepEqual([...store.state.tickets.keys()], ["A", "B"]);
  assert.equal(store.state.load.open, "all");
});

test("rows are placed at once when a list is read first, not when a reset has it read anew", async () => {
  const store = holding();
  answers = [
    { tickets: [ticket("A")], next: null },
    { tickets: [ticket("B")], next: null },
  ];
  const loader = new Loader(store, () => (placed += 1));
  await loader.list(store.state.view);
  assert.equal(placed, 1);
  store.dispatch({ type: "reset", seq: 1 });
  await loader.list(store.state.view);
  assert.equal(placed, 1);
});

test("a list that is held whole is not read again", async () => {
  const store = holding();
  answers = [{ tickets: [], next: null }];
  const loader = new Loader(store, () => (placed += 1));
  await loader.list(store.state.view);
  await loader.list({ ...store.state.view, severity: "High" });
  assert.equal(asked.length, 1);
});

test("a failure is told with the server's words and can be tried again", async () => {
  const store = holding();
  answers = [
    { status: 503, detail: "The database is away." },
    { tickets: [ticket("A")], next: null },
  ];
  const loader = new Loader(store, () => (placed += 1));
  await loader.list(store.state.view);
  assert.equal(store.state.load.open, "failed");
  assert.equal(store.state.error, "The database is away.");
  await loader.list(store.state.view);
  assert.equal(store.state.load.open, "all");
});

test("closed tickets are filtered by the server, and what only it could find is shown", async () => {
  const store = holding({ tab: "closed", search: "upstream", team: "DataEng" });
  answers = [
    { tickets: [closed("A")], next: "/api/closed-tickets?cursor=2" },
    { tickets: [closed("B")], next: null },
  ];
  const loader = new Loader(store, () => (placed += 1));
  await loader.list(store.state.view);
  assert.deepEqual(asked, ["/api/closed-tickets?search=upstream&team=DataEng&limit=500"]);
  await loader.more("closed");
  assert.deepEqual(visibleIds(store.state, NOW).sort(), ["A", "B"]);
});

test("the answer to a question asked before a reset is dropped", async () => {
  const store = holding();
  let release;
  answers = [new Promise((resolve) => (release = resolve)), { tickets: [ticket("new")], next: null }];
  const loader = new Loader(store, () => (placed += 1));
  const first = loader.list(store.state.view);
  store.dispatch({ type: "reset", seq: 9 });
  await loader.list(store.state.view);
  release({ tickets: [ticket("old")], next: null });
  await first;
  assert.deepEqual([...store.state.tickets.keys()], ["new"]);
});

test("a search asks the server too once the list is held", async () => {
  const store = holding();
  answers = [
    { tickets: [ticket("A"), ticket("B")], next: null },
    { tickets: [ticket("B")], next: null },
  ];
  const loader = new Loader(store, () => (placed += 1));
  await loader.list(store.state.view);
  store.dispatch({ type: "view", view: { ...store.state.view, search: "credentials" } });
  await loader.list(store.state.view);
  assert.deepEqual(visibleIds(store.state, NOW), ["B"]);
});

test("a search goes on while the server leads on with a page that is not full", async () => {
  const store = holding({ search: "zq" });
  answers = [
    { tickets: [ticket("A")], next: null },
    { tickets: [], next: "https://other.example/api/open-tickets?search=zq&cursor=2" },
    { tickets: [ticket("A")], next: null },
  ];
  await new Loader(store, () => (placed += 1)).list(store.state.view);
  assert.deepEqual(asked.slice(1), [
    "/api/open-tickets?search=zq&limit=500",
    "/api/open-tickets?search=zq&cursor=2",
  ]);
  assert.deepEqual(visibleIds(store.state, NOW), ["A"]);
});
