// Reads from the server into the store: the board, the lists, what a search finds.

import { get, samePath } from "./api.js";
import { learn } from "./clock.js";
import { isNarrowed } from "./select.js";
import { listName, listQuery } from "./url.js";

const PAGE = 500;
const PAGES = 20; // ten thousand tickets: beyond that the queue is no longer read by people
const BOARD_DELAY_MS = 2500; // the server keeps its answer for two seconds
const BOARD_REST_MS = 30_000;

export class Loader {
  /** `onAsked()` is called when rows that the reader asked for are there: they may be placed at once. */
  constructor(store, onAsked) {
    this.store = store;
    this.onAsked = onAsked;
    this.tokens = {};
    this.known = new Set(); // lists read to their end once; when they are read anew the reader's place is kept
  }

  async board() {
    clearTimeout(this.boardTimer);
    this.boardSoon = false;
    try {
      const board = await get("/api/board");
      learn(board.at);
      this.store.dispatch({ type: "board", board });
      return board;
    } catch {
      return null; // the figures stay as they were; the banner tells about the connection
    } finally {
      this.boardTimer = setTimeout(() => this.board(), BOARD_REST_MS);
    }
  }

  /** After a change: one reading of the board, once its cached answer has passed. */
  boardLater() {
    if (this.boardSoon) return;
    this.boardSoon = true;
    clearTimeout(this.boardTimer);
    this.boardTimer = setTimeout(() => this.board(), BOARD_DELAY_MS);
  }

  /** Makes sure that the view's list is held: whole where it can be, by the server's filters where it cannot. */
  async list(view) {
    const { tab } = view;
    if (tab === "audit") return;
    const load = this.store.state.load[tab];
    if (load === "all") return view.search ? this.search(view) : undefined;
    // The open and the running tickets are read whole, whatever the filter; the closed ones are too many.
    if (tab === "closed") return this.pages(tab, listQuery(view), 1, isNarrowed(view), view.search);
    if (load !== "loading") await this.pages(tab, new URLSearchParams(), PAGES, false);
    if (view.search) await this.search(view);
  }

  /** Reads at most `count` pages. What answers a search is kept as its hits too. */
  async pages(tab, query, count, isFiltered, search = "") {
    const token = (this.tokens[tab] = (this.tokens[tab] || 0) + 1);
    query.set("limit", PAGE);
    let path = `/api/${listName(tab)}?${query}`;
    this.store.dispatch({ type: "loading", tab });
    try {
      for (let left = count; path && left > 0; left -= 1) {
        const { tickets, next } = await get(path);
        if (token !== this.tokens[tab]) return; // another question has been asked since
        path = samePath(next);
        const part = path || isFiltered ? "part" : "all";
        const load = path && left > 1 ? "loading" : part;
        this.store.dispatch({ type: "page", tab, tickets, next: path, load });
        if (search) this.store.dispatch({ type: "hits", query: search, tickets });
        if (!this.known.has(tab)) this.onAsked();
      }
      if (tab !== "closed") this.known.add(tab);
    } catch (error) {
      if (token === this.tokens[tab]) this.store.dispatch({ type: "failed", tab, message: error.message });
    }
  }

  async more(tab) {
    const path = this.store.state.next[tab];
    if (!path) return;
    const { tickets, next } = await get(path);
    this.store.dispatch({ type: "page", tab, tickets, next: samePath(next), load: "part" });
    const { search } = this.store.state.view;
    if (search) this.store.dispatch({ type: "hits", query: search, tickets });
    this.onAsked();
  }

  /** The server searches root causes and error texts too; a slower answer to an older search is dropped. */
  async search(view) {
    this.searching?.abort();
    this.searching = new AbortController();
    const query = listQuery(view);
    query.set("limit", PAGE);
    try {
      let path = `/api/${listName(view.tab)}?${query}`;
      for (let left = PAGES; path && left > 0; left -= 1) {
        const { tickets, next } = await get(path, this.searching.signal);
        this.store.dispatch({ type: "hits", query: view.search, tickets });
        this.onAsked();
        path = tickets.length < PAGE ? samePath(next) : null; // one or two letters are looked for piece by piece
      }
    } catch {
      // what the page itself holds has been searched already
    }
  }
}
