import assert from "node:assert/strict";
import { test } from "node:test";

import { sentence } from "../../static/dashboard/js/announce.js";
import { detailsText, entryText, furtherText, sealState } from "../../static/dashboard/js/audit.js";
import { slaLook } from "../../static/dashboard/js/countdown.js";
import { currentAnalysis } from "../../static/dashboard/js/detail_parts.js";
import * as format from "../../static/dashboard/js/format.js";
import { commandFor } from "../../static/dashboard/js/keyboard.js";
import { detailLine } from "../../static/dashboard/js/rows.js";
import { backoff, socketUrl } from "../../static/dashboard/js/socket.js";
import { toRow } from "../../static/dashboard/js/state.js";
import { emptyView, exportUrl, listQuery, urlFromView, viewFromUrl } from "../../static/dashboard/js/url.js";
import { NOW, ticket } from "./helpers.js";

const table = (name, call, rows) => {
  for (const [input, expected] of rows)
    test(`${name}: ${JSON.stringify(input)} reads ${JSON.stringify(expected)}`, () =>
      assert.deepEqual(call(input), expected));
};

table("countdown", format.countdownText, [
  [761_000, "00:12:41"],
  [-761_000, "−00:12:41"],
  [0, "00:00:00"],
  [-400, "−00:00:00"],
  [86_400_000, "24:00:00"],
  [-125 * 3_600_000, "−5 d 05 h"],
]);
table("countdown colour", format.countdownState, [
  [-1, "breached"],
  [119_999, "urgent"],
  [120_000, "risk"],
  [899_999, "risk"],
  [900_000, "calm"],
]);
table("age", format.ageText, [
  [59_000, "now"],
  [24 * 60_000, "24 min"],
  [5 * 3_600_000, "5 h"],
  [72 * 3_600_000, "3 d"],
]);
table("span", format.spanText, [
  [null, "–"],
  [45, "45 s"],
  [372, "6 min"],
  [11_520, "3 h 12 min"],
  [7200, "2 h"],
  [187_200, "2 d 4 h"],
]);
table("count", format.countText, [
  [null, "–"],
  [0, "0"],
  [999, "999"],
  [96_746, "96\u202f746"],
  [1_234_567, "1\u202f234\u202f567"],
]);
table("address", format.safeUrl, [
  ["https://adf.azure.com/x", "https://adf.azure.com/x"],
  ["javascript:alert(1)", ""],
  ["data:text/html,x", ""],
  ["/admin/", ""],
  [null, ""],
]);
table("person", format.personName, [
  [null, ""],
  ["Ana", "Ana"],
  [{ email: "a@b.c" }, "a@b.c"],
]);
table("details", detailsText, [
  [null, ""],
  ["plain", "plain"],
  [{ error_type: "X", empty: "", list: [1] }, "error type: X · list: [1]"],
]);

test("an entry says its sentence, and further only what the sentence does not hold", () => {
  const entry = { summary: "OPS-1 created", details: { key: "OPS-1", attempts: 2 } };
  assert.equal(entryText(entry), "OPS-1 created");
  assert.equal(furtherText(entry), "attempts: 2");
  assert.equal(entryText({ details: { attempts: 2 } }), "attempts: 2");
  assert.equal(furtherText({ details: { attempts: 2 } }), "");
});

test("a title is the pipeline and the error type, markup and all, as text", () => {
  assert.equal(format.ticketTitle({ pipeline: "<b>p</b>", error_type: "E" }), "<b>p</b> — E");
  assert.equal(format.ticketTitle({}), "Unnamed resource");
});

test("the second line of a row leaves out what there is nothing to say about", () => {
  assert.equal(
    detailLine(toRow(ticket("A", { occurrences: 3, processing_state: "notified" }))),
    "A · P2 · Data Factory · 3 occurrences · RCA ready",
  );
  assert.equal(detailLine(toRow(ticket("A"))), "A · P2 · Data Factory · analysing");
});

test("the SLA cell shows a verdict once the ticket is acknowledged", () => {
  const row = toRow(ticket("A", { status: "acknowledged", sla_status: "Breached" }));
  assert.deepEqual(slaLook(row, NOW), { text: "Breached", state: "breached", spoken: "SLA " });
  assert.equal(slaLook(toRow(ticket("A")), NOW).text, "00:20:00");
  assert.equal(slaLook(toRow(ticket("A", { sla_seconds: null })), NOW).state, "none");
});

test("an announcement names the first of each kind and counts them all", () => {
  const news = [
    { kind: "critical", title: "pl_a" },
    { kind: "critical", title: "pl_b" },
    { kind: "breach", title: "pl_c" },
  ];
  assert.equal(sentence(news), "2 new critical tickets: pl_a. 1 SLA breached: pl_c");
});

test("the current analysis is the one marked so", () => {
  assert.equal(currentAnalysis({ analyses: [{ id: 1 }, { id: 2, is_current: true }] }).id, 2);
  assert.equal(currentAnalysis({}), null);
});

test("back-off doubles from one second to thirty, half of it chance", () => {
  const always = (value) => () => value;
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 9].map((attempt) => backoff(attempt, always(1))),
    [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000],
  );
  assert.deepEqual(
    [0, 1, 5].map((attempt) => backoff(attempt, always(0))),
    [1000, 1000, 15_000],
  );
});

test("the socket's address follows the page's and names the last event seen", () => {
  assert.equal(socketUrl("https://desk.example/dashboard?x=1", 17), "wss://desk.example/ws?since=17");
  assert.equal(socketUrl("http://127.0.0.1:8000/dashboard", null), "ws://127.0.0.1:8000/ws");
  assert.equal(socketUrl("http://127.0.0.1:8000/", 0), "ws://127.0.0.1:8000/ws?since=0");
});

const inRows = { dialogOpen: false, ticketOpen: false, rowFocused: true };
const onPage = { ...inRows, rowFocused: false };
const inTicket = { dialogOpen: true, ticketOpen: true, rowFocused: false };
const KEYS = [
  ["/", onPage, "search"],
  ["j", onPage, "next"],
  ["k", onPage, "previous"],
  ["a", onPage, null],
  ["a", inRows, "acknowledge"],
  ["a", inTicket, "acknowledge"],
  ["a", { ...inTicket, ticketOpen: false }, null],
  ["j", inTicket, null],
  ["ArrowDown", onPage, null],
  ["ArrowDown", inRows, "next"],
  ["ArrowUp", inRows, "previous"],
  ["Escape", inRows, "leave"],
  ["2", onPage, "tab:in_progress"],
  ["?", onPage, "help"],
  ["x", onPage, null],
];
for (const [key, where, command] of KEYS) {
  test(`the key ${key} with ${JSON.stringify(where)} means ${command}`, () =>
    assert.equal(commandFor(key, where), command));
}

test("a view survives the way through the address", () => {
  const view = { ...emptyView(), tab: "closed", search: "a&b=c ü", severity: "High", ticket: "ADF-1" };
  assert.deepEqual(viewFromUrl(urlFromView(view)), view);
  assert.equal(urlFromView(emptyView()), "?");
});

test("an address with an unknown tab or unknown parameters shows the open tickets", () => {
  assert.deepEqual(viewFromUrl("?tab=evil&x=1"), emptyView());
});

test("the export and the list take every filter that the page has in effect", () => {
  const view = { ...emptyView(), search: "x", team: "Fin", sla: "breached", owner: "me" };
  assert.equal(listQuery(view).toString(), "search=x&team=Fin&owner=me&sla=breached");
  assert.equal(exportUrl(view), "/api/export/open-tickets?search=x&team=Fin&owner=me&sla=breached");
  assert.equal(
    exportUrl({ ...view, tab: "closed" }),
    "/api/export/closed-tickets?search=x&team=Fin&owner=me",
  );
  assert.equal(
    exportUrl({ ...emptyView(), tab: "audit", action: "Ticket Created", about: "ADF-1" }),
    "/api/export/audit-trail?action=Ticket+Created&ticket=ADF-1",
  );
});

test("an entry shows a lock only where the server says how it stands with its integrity", () => {
  assert.equal(sealState({ integrity: "sealed" }), "sealed");
  assert.equal(sealState({ integrity: "unsealed" }), "unsealed");
  assert.equal(sealState({ integrity: "broken" }), "broken");
  assert.equal(sealState({}), "");
  assert.equal(sealState({ integrity: "toString" }), "");
});
