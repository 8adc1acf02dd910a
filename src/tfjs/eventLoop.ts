/** Lets timers, abort signals and input events have their turn in a long computation. */
export class EventLoop {
  // In a browser messages are a new task that is not slowed down to 4 ms.
  readonly #channel = new MessageChannel();
  #resume = () => {};

  constructor() {
    this.#channel.port1.onmessage = () => this.#resume();
  }

  turn(): Promise<void> {
    // Node hands out up to 1,000 messages before it looks at timers and signals; browsers have no setImmediate.
    if (typeof setImmediate === "function") {
      return new Promise((resolve) => void setImmediate(resolve));
    }
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
