// Holds the state, runs the reducer, and paints at most once per animation frame.

export class Store {
  constructor(state, reduce) {
    this.state = state;
    this.reduce = reduce;
    this.isScheduled = false;
    this.paint = () => {};
  }

  dispatch(action) {
    this.state = this.reduce(this.state, action);
    this.schedule();
  }

  schedule() {
    if (this.isScheduled) return;
    this.isScheduled = true;
    requestAnimationFrame(() => {
      this.isScheduled = false;
      this.paint(this.state);
    });
  }
}
