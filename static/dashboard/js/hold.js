// Whether a reader is busy in the rows: nothing may move under a pointer or a focus.

const REST_MS = 30_000; // a mouse or a focus forgotten on a wall display does not freeze the list for ever

export class Hold {
  constructor(body, onRelease) {
    this.body = body;
    this.pointerAt = 0;
    this.inputAt = 0;
    this.scrollAt = 0;
    const touched = () => (this.inputAt = Date.now());
    for (const name of ["pointermove", "pointerdown", "keydown"])
      addEventListener(name, touched, { passive: true });
    body.addEventListener("pointermove", () => (this.pointerAt = Date.now()), { passive: true });
    body.addEventListener("pointerleave", () => {
      this.pointerAt = 0;
      onRelease();
    });
    body.addEventListener("focusin", touched);
    body.addEventListener("focusout", () => setTimeout(onRelease));
    addEventListener("scroll", () => (this.scrollAt = Date.now()), { passive: true });
  }

  /** A pointer that lately moved over the rows, a focus in them, or a reader who lately scrolled down into them. */
  isHeld() {
    const since = Date.now() - REST_MS;
    if (this.pointerAt > since) return true;
    if (this.body.contains(document.activeElement) && this.inputAt > since) return true;
    return this.scrollAt > since && this.body.getBoundingClientRect().top < 0;
  }
}
