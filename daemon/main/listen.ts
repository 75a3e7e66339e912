import type { FastifyInstance } from 'fastify';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import type { Clock } from '../shared/clock.js';
import { codeOf, TfkError } from '../shared/errors.js';

export interface Api {
  /** The TCP port. */
  readonly port: number;
  /**
   * Lets nobody in any more, ends by `endWork` what requests may wait for, gives them a while to be answered, and then ends
   * all connections: whoever never gets to the end of a request would hold tfkd for ever.
   */
  close(endWork: () => Promise<void>): Promise<void>;
}

const HOST = '127.0.0.1';
/** For requests under way to end, once tfkd stops. */
const GRACE_MS = 5_000;

/** Before anything is started that outlives a tfkd which cannot come up. */
export async function refuseTakenDoors({ port, socket }: { port: number; socket: string }): Promise<void> {
  await removeStale(socket);
  const probe = createServer().listen({ host: HOST, port });
  await once(probe, 'listening').catch((error: unknown) => {
    throw explained(error, port);
  });
  probe.close();
  await once(probe, 'close');
}

/** Listens on 127.0.0.1 and on the unix socket, whose file only its owner can open. */
export async function listenApi(options: {
  socket: string;
  port: number;
  build: (trusted: boolean) => FastifyInstance;
  /** Says where: whoever waits for the socket to answer finds it said. */
  announce: (port: number) => Promise<void>;
  clock: Clock;
}): Promise<Api> {
  const tcp = options.build(false);
  const connections = new Connections();
  connections.watch(tcp);
  await tcp.listen({ host: HOST, port: options.port }).catch((error: unknown) => {
    throw explained(error, options.port);
  });
  const address = tcp.server.address();
  const port = typeof address === 'object' && address ? address.port : options.port;
  await options.announce(port);
  const local = options.build(true);
  connections.watch(local);
  await removeStale(options.socket);
  // The file exists with its final mode from the first moment on: nobody else connects in between.
  const before = process.umask(0o177);
  try {
    await local.listen({ path: options.socket });
  } finally {
    process.umask(before);
  }
  return {
    port,
    close: async (endWork) => {
      connections.closing = true;
      const closed = Promise.all([tcp.close(), local.close()]);
      await Promise.all([closed, endWork().then(() => connections.letEnd(closed, options.clock))]);
    },
  };
}

/** All that are open, of the ports themselves: a server's own list lacks those that have not yet shown what they speak. */
class Connections {
  private readonly open = new Set<Socket>();
  /** From then on a connection ends with its answer: Node would keep it for the next request. */
  closing = false;

  watch({ server }: FastifyInstance): void {
    server.on('connection', (connection: Socket) => {
      this.open.add(connection);
      connection.once('close', () => this.open.delete(connection));
    });
    server.on('request', ({ socket }, response) => {
      response.once('close', () => {
        if (this.closing) socket.destroySoon();
      });
    });
  }

  async letEnd(closed: Promise<unknown>, clock: Clock): Promise<void> {
    const ended = new AbortController();
    await Promise.race([closed.finally(() => ended.abort()), clock.sleep(GRACE_MS, ended.signal)]);
    for (const connection of this.open) connection.destroy();
    await closed;
  }
}

function explained(error: unknown, port: number): unknown {
  const wrong = { EADDRINUSE: 'is taken', EACCES: 'may not be used by this user' }[codeOf(error) ?? ''];
  if (wrong === undefined) return error;
  return new TfkError('conflict', `Port ${port} of ${HOST} ${wrong}, so the API cannot listen on it.`, {
    hint: 'Set TFK_API_PORT to another port, or to 0 for a free one.',
  });
}

/** A socket that a killed tfkd left; one that somebody answers at is not touched. */
async function removeStale(socket: string): Promise<void> {
  const answered = await new Promise<boolean>((resolve) => {
    const probe = connect(socket);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
  if (answered)
    throw new TfkError('conflict', `Somebody answers at ${socket} already.`, {
      hint: 'Type: tfk daemon status',
    });
  await rm(socket, { force: true });
}
