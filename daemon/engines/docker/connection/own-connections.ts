import type { Agent, ClientRequestArgs } from 'node:http';
import type { Socket } from 'node:net';
import { inspect } from 'node:util';

/** So that a connection whose other end is gone without a word ends: also one on which nothing is said for days, as events. */
const NOTICED_AFTER_MS = 15_000;

type Connect = (options: ClientRequestArgs, made: (error: Error | null, socket: Socket) => void) => Socket;

/**
 * Has an agent of Node's http or https make a connection for each request, and keep none.
 *
 * A dockerd that is told to end takes no new connection from then on, and does what it is asked on old ones to its very end. The
 * dynos it stops would be started again on one of those, after it has put its mounts away: what it mounts then lies hidden below the
 * mounts of the next dockerd, which can never remove that container (`device or resource busy`). A new connection costs 0.2 ms
 * on a socket of this machine, and over TLS a handshake.
 */
export function ownConnections<A extends Agent>(agent: A): A {
  const plain = agent as unknown as { readonly createConnection: Connect };
  const connect = plain.createConnection.bind(agent);
  return Object.assign(agent, {
    createConnection: (...request: Parameters<Connect>) =>
      connect(...request).setKeepAlive(true, NOTICED_AFTER_MS),
    // docker-modem makes a text of each request for its debug log, read or not: of a whole agent it takes more than 1 ms.
    [inspect.custom]: () => 'Agent',
  });
}
