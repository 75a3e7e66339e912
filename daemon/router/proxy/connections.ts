import { Client, type Dispatcher } from 'undici';

/** One kept connection to a backend; it carries one request at a time. */
export class Connection {
  /** Requests sent since it was made: a second one may meet a dyno that is just closing it. */
  used = 0;
  private readonly client: Client;

  constructor(origin: string, options: Client.Options) {
    this.client = new Client(origin, options);
    this.client.on('connect', () => {
      this.used = 0;
    });
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.client.dispatch(options, handler);
  }

  destroy(): void {
    void this.client.destroy().catch(() => undefined);
  }
}

/**
 * The connections to one backend. The one used last is taken first, so that idle ones can time out.
 *
 * undici's own Pool is not used: after a request is aborted it connects again at once for nothing, and it keeps clients that
 * were destroyed; here an aborted request's connection is destroyed and forgotten.
 */
export class Connections {
  private readonly idle: Connection[] = [];
  private closed = false;

  constructor(
    private readonly origin: string,
    private readonly options: Client.Options,
  ) {}

  /** `fresh`: one that has carried nothing yet. */
  take(fresh: boolean): Connection {
    return (fresh ? undefined : this.idle.pop()) ?? new Connection(this.origin, this.options);
  }

  /** After a whole answer. */
  giveBack(connection: Connection): void {
    if (this.closed) connection.destroy();
    else this.idle.push(connection);
  }

  /** Idle ones now, the others when they are given back. */
  close(): void {
    this.closed = true;
    for (const connection of this.idle.splice(0)) connection.destroy();
  }
}
