import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import {
  createServer as createTcpServer,
  type AddressInfo,
  type Socket,
  type Server as TcpServer,
} from 'node:net';

/** A back end under a test's control, on 127.0.0.1. */
export interface TestBackend {
  readonly port: number;
  /** Connections that are open now. */
  readonly connections: ReadonlySet<Socket>;
  /** How many connections were ever made. */
  readonly accepted: () => number;
  close(): Promise<void>;
}

export interface HttpBackend extends TestBackend {
  readonly server: Server;
  /** Every request that came, in order. */
  readonly requests: readonly IncomingMessage[];
}

export interface RawBackend extends TestBackend {
  /** All bytes that came, per connection, as latin1. */
  readonly received: readonly string[];
}

/** A real HTTP server with the given listener. */
export async function startHttpBackend(listener: RequestListener, port = 0): Promise<HttpBackend> {
  const requests: IncomingMessage[] = [];
  const server = createHttpServer((request, response) => {
    requests.push(request);
    listener(request, response);
  });
  server.keepAliveTimeout = 60_000;
  return { ...(await listen(server, port)), server, requests };
}

/** What a raw back end does with a connection, each time bytes come: `seen` is all that came on it so far, as latin1. */
export type RawScript = (socket: Socket, seen: string) => void;

/** A TCP server that writes whatever the script says, well formed or not. */
export async function startRawBackend(script: RawScript, port = 0): Promise<RawBackend> {
  const received: string[] = [];
  const server = createTcpServer((socket) => {
    const index = received.push('') - 1;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      const seen = (received[index] ?? '') + chunk.toString('latin1');
      received[index] = seen;
      script(socket, seen);
    });
  });
  return { ...(await listen(server, port)), received };
}

/** Answers every complete request head with these bytes. */
export function answering(bytes: string, then?: (socket: Socket) => void): RawScript {
  return (socket, seen) => {
    if (!seen.endsWith('\r\n\r\n')) return;
    socket.write(Buffer.from(bytes, 'latin1'));
    then?.(socket);
  };
}

async function listen(server: TcpServer, port: number): Promise<TestBackend> {
  const connections = new Set<Socket>();
  let accepted = 0;
  server.on('connection', (socket: Socket) => {
    accepted += 1;
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    accepted: () => accepted,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of connections) socket.destroy();
      }),
  };
}
