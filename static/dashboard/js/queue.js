// The list in view: which rows are in the document, what waits behind "show", what stands there when it is empty.

import { $, h, setText } from "./dom.js";
import { countText, momentText, plural } from "./format.js";
import { Hold } from "./hold.js";
import { Rows } from "./rows.js";
import { arrange, isNarrowed, visibleIds } from "./select.js";

const WINDOW = 500; // rows in the document at once
const TAB_WORDS = { open: "open tickets", in_progress: "tickets in progress", closed: "closed tickets" };

export class Queue {
  constructor(store, now) {
    this.store = store;
    this.now = now;
    this.body = $("rows");
    this.rows = new Rows(this.body, $("row-template"));
    this.order = [];
    this.start = 0;
    this.isForced = false;
    this.hold = new Hold(this.body, $("show-new"), () => this.store.schedule());
    $("show-new").addEventListener("click", () => {
      this.hold.release();
      this.release();
    });
    $("window-back").addEventListener("click", () => this.move(-WINDOW));
    $("window-on").addEventListener("click", () => this.move(WINDOW));
    $("skeleton").append(...Array.from({ length: 8 }, () => h("div", { className: "bone" })));
  }

  /** The reader asked for another view, or to see what waits: the next drawing may move everything. */
  release() {
    this.isForced = true;
    this.store.schedule();
  }

  changeView() {
    this.start = 0;
    this.release();
  }

  move(by) {
    this.start = Math.max(0, this.start + by);
    this.release();
    this.body.scrollIntoView({ block: "start" });
  }

  draw(state, dirty) {
    const now = this.now();
    const wanted = visibleIds(state, now);
    const isHeld = !this.isForced && this.hold.isHeld();
    const { order, gone, waiting } = arrange(this.order, wanted, isHeld);
    if (this.isForced) dirty.add("*");
    this.isForced = false;
    this.order = order.filter((id) => state.tickets.has(id));
    if (this.start >= this.order.length) this.start = 0;
    this.rows.mayAct = Boolean(state.me?.canAct);
    const focused = this.focusedId();
    this.rows.draw(this.order.slice(this.start, this.start + WINDOW), state, dirty, gone, now);
    if (focused && !this.focusedId()) this.rows.linkOf(focused)?.focus({ preventScroll: true });
    this.drawWaiting(waiting, state);
    this.drawWindow();
    this.drawState(state, now);
  }

  drawWaiting(waiting, state) {
    $("waiting").hidden = waiting.length === 0;
    const kind = state.view.tab === "open" ? "new ticket" : "more ticket";
    if (waiting.length) setText($("show-new"), `${plural(waiting.length, kind)}, show`);
  }

  drawWindow() {
    const total = this.order.length;
    const end = Math.min(total, this.start + WINDOW);
    $("window").hidden = total <= WINDOW;
    if (total <= WINDOW) return;
    setText($("window-text"), `Rows ${countText(this.start + 1)}–${countText(end)} of ${countText(total)}`);
    $("window-back").disabled = this.start === 0;
    $("window-on").disabled = end === total;
  }

  drawState(state, now) {
    const { tab } = state.view;
    const load = state.load[tab];
    const isEmpty = this.order.length === 0;
    const isWaiting = isEmpty && (load === "none" || load === "loading");
    $("table").hidden = isEmpty;
    $("skeleton").hidden = !isWaiting;
    $("panel").setAttribute("aria-busy", String(isWaiting));
    $("empty").hidden = !isEmpty || isWaiting;
    $("more").hidden = !state.next[tab] || isWaiting;
    if (!$("empty").hidden) this.drawEmpty(state, load, now);
    setText(
      $("caption"),
      `${TAB_WORDS[tab]}, ${tab === "closed" ? "newest first" : "what breaches next first"}`,
    );
    setText($("age-head"), tab === "closed" ? "Closed" : "Age");
  }

  drawEmpty(state, load, now) {
    const failed = load === "failed";
    const narrowed = isNarrowed(state.view);
    let text = `No ${TAB_WORDS[state.view.tab]}.`;
    if (state.lastEventAt) text += ` Last event ${momentText(state.lastEventAt, now)}.`;
    if (narrowed)
      text = state.view.search
        ? `No ticket matches '${state.view.search}'${state.next[state.view.tab] ? " among the newest." : "."}`
        : "No ticket matches these filters.";
    if (failed) text = `The tickets could not be loaded. ${state.error}`;
    setText($("empty-text"), text);
    $("clear-filters").hidden = failed || !narrowed;
    $("retry-load").hidden = !failed;
  }

  tick() {
    this.rows.tick(this.now());
  }

  /** The id beside the focused row, or the first or last where none has the focus. */
  neighbour(step) {
    const ids = this.order.filter((id) => this.rows.drawn.has(id));
    const at = ids.indexOf(this.focusedId());
    if (at < 0) return step > 0 ? ids[0] : ids.at(-1);
    return ids[Math.max(0, Math.min(ids.length - 1, at + step))];
  }

  focusedId() {
    const row = document.activeElement?.closest?.("[data-id]");
    return row && this.body.contains(row) ? row.dataset.id : null;
  }

  /** Puts the focus on a ticket's row; where it has gone, on the row that took its place, else on the list. */
  focus(id, index = 0) {
    const ids = this.order.slice(this.start, this.start + WINDOW);
    const link = this.rows.linkOf(id) || this.rows.linkOf(ids[Math.min(index, ids.length - 1)]) || $("panel");
    link.focus();
    link.closest("[data-id]")?.scrollIntoView({ block: "nearest" });
  }
}
