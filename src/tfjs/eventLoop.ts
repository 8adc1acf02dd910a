/** Lets timers, abort signals and input events have their turn in a long computation. */
export class EventLoop {
  // Messages are the one way that is a new task everywhere and that browsers do not slow down to 4 ms.
  readonly #channel = new MessageChannel();
  #resume = () => {};

  constructor() {
    this.#channel.port1.onmessage = () => this.#resume();
  }

  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#resume = resolve;
      this.#channel.port2.postMessage(0);
    });
  }

  /** An open channel would keep the process alive. */
  close(): void {
    this.#channel.port1.close();
    this.#channel.port2.close();
  }
}
