/** What is asked of an `AbortSignal`: the core knows neither the types of a browser nor those of Node. */
export interface StopSignal {
  readonly aborted: boolean;
  throwIfAborted(): void;
}
