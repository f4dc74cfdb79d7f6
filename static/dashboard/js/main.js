// Wires the page: address -> view -> lists -> rows; socket -> store -> rows; clicks and keys -> actions.

import { Actions } from "./actions.js";
import { Announcer } from "./announce.js";
import { get, isSignedIn } from "./api.js";
import { Audit } from "./audit.js";
import { drawCharts } from "./charts.js";
import { now } from "./clock.js";
import { Detail } from "./detail.js";
import { $ } from "./dom.js";
import { drawConnection, drawFigures } from "./figures.js";
import { clockText } from "./format.js";
import * as keyboard from "./keyboard.js";
import { Loader } from "./loader.js";
import { Queue } from "./queue.js";
import { Live } from "./socket.js";
import { initialState, reduce } from "./state.js";
import { Store } from "./store.js";
import { Toolbar } from "./toolbar.js";
import { emptyView, urlFromView, viewFromUrl } from "./url.js";

const store = new Store(initialState(viewFromUrl(location.search)), reduce);
const queue = new Queue(store, now);
const loader = new Loader(store, () => queue.release());
const audit = new Audit(now);
const announcer = new Announcer($("announcer"));
const takeTicket = (ticket) => {
  store.dispatch({ type: "events", events: [{ event: "ticket_updated", ticket }] });
  loader.boardLater();
};
const actions = new Actions(takeTicket);
const canAct = () => Boolean(store.state.me?.canAct);
const detail = new Detail({
  now,
  canAct,
  canApprove: () => Boolean(store.state.me?.canApprove),
  onClose: closeDetail,
  onTicket: (ticket) => store.dispatch({ type: "events", events: [{ event: "ticket_updated", ticket }] }),
});
const toolbar = new Toolbar(go);
let connection = { state: "connecting" };

// --- the view ---------------------------------------------------------------------------------------------

/** Goes to a changed view. Opening a ticket is a step in the history, typing a search is not. */
function go(change, isTyping = false) {
  const view = { ...store.state.view, ...change };
  const query = urlFromView(view);
  const address = query === "?" ? location.pathname : query;
  history[isTyping ? "replaceState" : "pushState"]({}, "", address);
  showView(view);
}

function showView(view) {
  const before = store.state.view;
  const isSameList = Object.keys(view).every((key) => key === "ticket" || view[key] === before[key]);
  store.dispatch({ type: "view", view });
  toolbar.show(view, store.state.board?.teams || []);
  detail.show(view.ticket, store.state.tickets.get(view.ticket));
  if (isSameList) return;
  queue.changeView();
  if (view.tab === "audit") audit.show(view);
  else loader.list(view);
}

let openedFrom = { id: "", index: 0 };

function openTicket(id) {
  openedFrom = { id, index: Math.max(0, queue.order.indexOf(id) - queue.start) };
  go({ ticket: id });
}

function closeDetail() {
  const { id, index } = openedFrom;
  go({ ticket: "" });
  if (id && store.state.view.tab !== "audit") queue.focus(id, index);
}

addEventListener("popstate", () => showView(viewFromUrl(location.search)));

// --- painting ---------------------------------------------------------------------------------------------

store.paint = (state) => {
  const dirty = new Set(state.dirty);
  announcer.add(state.news);
  if (state.view.tab !== "audit") queue.draw(state, dirty);
  drawFigures(state, now());
  drawCharts(state.board);
  const open = state.view.ticket && state.tickets.get(state.view.ticket);
  if (open && dirty.has(open.id)) detail.changed(open);
  if (dirty.size || state.news.length) store.state = reduce(store.state, { type: "flushed" });
};

function tick() {
  drawFigures(store.state, now()); // the title counts breaches in a hidden tab too
  if (document.hidden) return;
  queue.tick();
  // With an SLA filter time itself moves tickets in and out.
  if (store.state.view.sla) store.schedule();
}

function showConnection(status) {
  connection = status;
  // The banner comes and goes above the rows: a reader who is busy in them is scrolled along with them.
  const before = queue.hold.isHeld() ? queue.body.getBoundingClientRect().top : null;
  drawConnection(status, clockText, Date.now());
  if (before !== null) scrollBy(0, queue.body.getBoundingClientRect().top - before);
}

// --- clicks and keys --------------------------------------------------------------------------------------

const act = (verb, id, button) => actions.run(verb, id, {}, button);

function clicked(event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const target = event.target.closest(
    "[data-verb], [data-ticket], [data-audit], [data-view], [data-send], [data-remediation], [data-verdict], [data-open]",
  );
  if (!target) return rowClicked(event);
  const { verb, ticket, send, remediation, verdict, open, view, audit: about } = target.dataset;
  if (target.tagName === "A") event.preventDefault();
  if (verb) act(verb, target.dataset.id || target.closest("tr").dataset.id, target);
  else if (remediation) actions.answerRemediation(target).then(() => detail.refreshSoon());
  else if (send) actions.sendAgain(target).then(() => detail.refreshSoon());
  else if (verdict) judge(target);
  else if (ticket) openTicket(ticket);
  else if (about) go({ ...emptyView(), tab: "audit", about });
  else if (view !== undefined) go({ ...viewFromUrl(view), ticket: "" });
  else if (open) $(open).showModal();
}

/** Right or wrong; what a person knows better is written in the console. */
async function judge(button) {
  const body = { analysis: Number(button.dataset.analysis), verdict: button.dataset.verdict };
  if (await actions.run("feedback", detail.id, body, button)) detail.refreshSoon();
}

/** Anywhere in a row opens it, unless the reader is marking text. */
function rowClicked(event) {
  const row = event.target.closest("#rows [data-id]");
  if (!row || (String(getSelection()) && !event.target.closest("a"))) return;
  event.preventDefault();
  openTicket(row.dataset.id);
}

const commands = {
  search: () => $("search").focus(),
  help: () => $("help").showModal(),
  next: () => queue.focus(queue.neighbour(1)),
  previous: () => queue.focus(queue.neighbour(-1)),
  leave: () => document.activeElement.blur(),
  acknowledge: () => {
    const id = store.state.view.ticket || queue.focusedId();
    const row = store.state.tickets.get(id);
    if (canAct() && row && row.status !== "acknowledged") act("acknowledge", id);
  },
};

function runCommand(command) {
  if (command.startsWith("tab:")) toolbar.choose(command.slice(4));
  else commands[command]();
}

const where = () => ({
  dialogOpen: Boolean(document.querySelector("dialog[open]")),
  ticketOpen: $("detail").open,
  rowFocused: Boolean(queue.focusedId()),
});

async function addNote(event) {
  event.preventDefault();
  const text = $("detail-note").value.trim();
  if (!text) return;
  const button = event.submitter;
  if (await actions.run("comment", detail.id, { text }, button)) $("detail-note").value = "";
  detail.refreshSoon();
}

function listenToReader() {
  document.addEventListener("click", clicked);
  keyboard.listen(where, runCommand);
  $("detail-note-form").addEventListener("submit", addNote);
  $("detail").addEventListener("change", async (event) => {
    if (!event.target.dataset.step) return;
    await actions.tick(event.target, detail.id);
    detail.refreshSoon();
  });
  $("retry").addEventListener("click", () => live.retry());
  $("retry-load").addEventListener("click", () => loader.list(store.state.view));
  $("load-more").addEventListener("click", () =>
    loader.more(store.state.view.tab).catch((error) => actions.notice(error.message, true)),
  );
  $("keys-on").checked = keyboard.isOn();
  $("keys-on").addEventListener("change", () => keyboard.switchTo($("keys-on").checked));
}

// --- start ------------------------------------------------------------------------------------------------

const live = new Live({
  getSeq: () => store.state.seq,
  isSignedIn,
  onState: showConnection,
  onEvents: (events) => {
    store.dispatch({ type: "events", events });
    // What is told of the open ticket need not move it: a verdict, a note, a link leave its version as it was.
    if (detail.id && events.some((event) => event.ticket_id === detail.id)) detail.refreshSoon();
    loader.boardLater();
  },
  onReset: (seq) => {
    store.dispatch({ type: "reset", seq });
    loader.list(store.state.view);
    if (detail.id) detail.refreshSoon();
  },
});

const ACTING_ROLES = ["analyst", "approver", "admin"];

async function learnWho() {
  try {
    const me = await get("/api/me");
    const is = (roles) => (me.roles || []).some((role) => roles.includes(role));
    store.dispatch({
      type: "me",
      me: { ...me, canAct: is(ACTING_ROLES), canApprove: is(ACTING_ROLES.slice(1)) },
    });
    queue.release();
  } catch {
    // without it the page only reads; the socket tells when nobody is signed in
  }
}

/** The board names the newest event first, so that what happens while the lists are read is caught up. */
async function start() {
  const { view } = store.state;
  listenToReader();
  toolbar.show(view, []);
  store.schedule();
  const board = await loader.board();
  if (board?.seq != null) store.dispatch({ type: "seq", seq: board.seq });
  live.start();
  learnWho();
  toolbar.show(view, board?.teams || []);
  if (view.tab === "audit") audit.show(view);
  else loader.list(view);
  if (view.ticket) detail.show(view.ticket);
  setInterval(tick, 1000);
  setInterval(() => showConnection(connection), 1000);
}

start();
