// The live connection: one socket, watched by heartbeats, reopened with back-off, caught up by number.

const HEARTBEAT_LIMIT_MS = 2000; // after this long without a frame the reader is told
const DEAD_MS = 6000; // after this long the socket is given up and a new one opened
const CLOSED_SIGNED_OUT = 4401;

/** Milliseconds before attempt n (0, 1, …): 1 s doubling to 30 s, half of it random, so a crowd does not return at once. */
export function backoff(attempt, random = Math.random) {
  const ceiling = Math.min(30_000, 1000 * 2 ** Math.min(attempt, 5));
  return Math.max(1000, Math.round(ceiling / 2 + (ceiling / 2) * random()));
}

export function socketUrl(base, since) {
  const url = new URL("/ws", base);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  if (since !== null) url.searchParams.set("since", since);
  return url.href;
}

/**
 * `onEvents(events)`, `onReset()`, `onState({state, since, retryAt})` with state connecting | live | lost | signed-out;
 * `getSeq()` the newest number applied; `isSignedIn()` asks the server, for a refused handshake tells nothing.
 */
export class Live {
  constructor(callbacks) {
    Object.assign(this, callbacks);
    this.attempt = 0;
    this.lastFrameAt = Date.now();
    this.announcedSeq = 0;
    this.state = "connecting";
  }

  start() {
    this.open();
    setInterval(() => this.check(), 500);
    // A sleeping laptop or a hidden tab has its timers held back: coming back must not wait for them.
    const wake = () => !document.hidden && this.state === "lost" && this.retry();
    addEventListener("online", wake);
    document.addEventListener("visibilitychange", wake);
  }

  open() {
    clearTimeout(this.retryTimer);
    this.retryAt = null;
    this.openedAt = Date.now();
    const socket = new WebSocket(socketUrl(location.href, this.getSeq()));
    this.socket = socket;
    socket.onmessage = (message) => this.socket === socket && this.receive(message.data);
    socket.onclose = (event) => this.socket === socket && this.closed(event.code);
  }

  receive(data) {
    this.lastFrameAt = Date.now();
    this.attempt = 0;
    const frame = JSON.parse(data);
    const events = [];
    for (const event of Array.isArray(frame) ? frame : [frame]) {
      if (event.event === "heartbeat") this.heartbeat(event.seq);
      else if (event.event === "reset") this.onReset(event.seq);
      else events.push({ ...event, at: this.lastFrameAt });
    }
    if (events.length) this.onEvents(events);
    this.setState("live");
  }

  /** A number announced a whole heartbeat ago and still not seen means that events were lost on the way. */
  heartbeat(seq) {
    // The first number ever heard: what was read before it may lack what happened in between.
    if (this.getSeq() === null) this.onReset(seq);
    else if (this.announcedSeq > this.getSeq() && this.announcedSeq !== this.askedAgainFor) {
      this.askedAgainFor = this.announcedSeq;
      this.retry();
    }
    this.announcedSeq = seq;
  }

  check() {
    if (this.state === "signed-out") return;
    const silence = Date.now() - Math.max(this.lastFrameAt, this.retryAt ? 0 : this.openedAt);
    if (silence > HEARTBEAT_LIMIT_MS && this.state !== "lost") this.setState("lost");
    if (silence > DEAD_MS && this.socket) this.closed(0);
    if (this.state === "lost") this.setState("lost");
  }

  async closed(code) {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    if (code === CLOSED_SIGNED_OUT || !(await this.isSignedIn())) {
      this.setState("signed-out");
      return;
    }
    const wait = backoff(this.attempt);
    this.attempt += 1;
    this.retryAt = Date.now() + wait;
    this.retryTimer = setTimeout(() => this.open(), wait);
    this.setState("lost");
  }

  /** Try at once, whatever the back-off says. */
  retry() {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.open();
  }

  setState(state) {
    this.state = state;
    this.onState({ state, since: this.lastFrameAt, retryAt: this.retryAt });
  }
}
