// Whether a reader is busy in the rows: nothing may move under a pointer or a focus.

const REST_MS = 30_000; // a mouse or a focus forgotten on a wall display does not freeze the list for ever
const LEAVE_MS = 700; // the way of a pointer from the rows to the button that shows what waits

export class Hold {
  /** `body` are the rows; `button` lies above them and vanishes with what it shows, so it must not go while a pointer is on it. */
  constructor(body, button, onRelease) {
    this.body = body;
    this.onRelease = onRelease;
    this.pointerAt = 0;
    this.inputAt = 0;
    this.scrollAt = 0;
    const touched = () => (this.inputAt = Date.now());
    for (const name of ["pointermove", "pointerdown", "keydown"])
      addEventListener(name, touched, { passive: true });
    for (const area of [body, button]) {
      area.addEventListener("pointermove", () => this.entered(), { passive: true });
      area.addEventListener("pointerleave", () => this.leaveSoon());
    }
    body.addEventListener("focusin", touched);
    body.addEventListener("focusout", () => setTimeout(onRelease));
    addEventListener("scroll", () => (this.scrollAt = Date.now()), { passive: true });
  }

  entered() {
    clearTimeout(this.leaving);
    this.pointerAt = Date.now();
  }

  leaveSoon() {
    clearTimeout(this.leaving);
    this.leaving = setTimeout(() => {
      this.pointerAt = 0;
      this.onRelease();
    }, LEAVE_MS);
  }

  /** What waited was asked for: the button goes, and a pointer on it is no longer anywhere. */
  release() {
    clearTimeout(this.leaving);
    this.pointerAt = 0;
  }

  /** A pointer that lately moved over the rows, a focus in them, or a reader who lately scrolled down into them. */
  isHeld() {
    const since = Date.now() - REST_MS;
    if (this.pointerAt > since) return true;
    if (this.body.contains(document.activeElement) && this.inputAt > since) return true;
    return this.scrollAt > since && this.body.getBoundingClientRect().top < 0;
  }
}
