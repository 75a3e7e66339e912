import type { FastifyInstance } from 'fastify';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { codeOf, TfkError } from '../shared/errors.js';

export interface Api {
  /** The TCP port. */
  readonly port: number;
  /** Takes no new requests; resolves when those under way are answered, or were cut off since they took too long. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
/** At the end of tfkd: whoever sends half a request would hold it for ever. */
const PATIENCE_MS = 5_000;

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
}): Promise<Api> {
  const tcp = options.build(false);
  await tcp.listen({ host: HOST, port: options.port }).catch((error: unknown) => {
    throw explained(error, options.port);
  });
  const address = tcp.server.address();
  const port = typeof address === 'object' && address ? address.port : options.port;
  await options.announce(port);
  const local = options.build(true);
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
    close: async () => {
      const patience = setTimeout(() => {
        for (const { server } of [tcp, local]) server.closeAllConnections();
      }, PATIENCE_MS);
      await Promise.all([tcp.close(), local.close()]);
      clearTimeout(patience);
    },
  };
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
