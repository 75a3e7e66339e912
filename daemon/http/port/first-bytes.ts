import type { Duplex } from 'node:stream';

/**
 * Reads of a connection until `decide` knows who should have it, and puts all bytes back. Undefined: it has gone, failed, or
 * was silent for too long; then it is destroyed.
 *
 * @param decide is asked with all bytes so far; undefined: it takes more of them to tell
 */
export function decideByFirstBytes<Kind>(
  connection: Duplex,
  signal: AbortSignal,
  decide: (bytes: Buffer) => Kind | undefined,
): Promise<Kind | undefined> {
  return new Promise((resolve) => {
    let bytes: Buffer = Buffer.alloc(0);
    const settle = (kind: Kind | undefined): void => {
      connection.off('data', read).off('error', giveUp).off('end', giveUp).off('close', giveUp);
      signal.removeEventListener('abort', giveUp);
      if (kind === undefined) connection.on('error', () => undefined).destroy();
      resolve(kind);
    };
    const giveUp = (): void => settle(undefined);
    const read = (chunk: Buffer): void => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const kind = decide(bytes);
      if (kind === undefined) return;
      connection.pause();
      connection.unshift(bytes);
      settle(kind);
    };
    connection.on('data', read).on('error', giveUp).on('end', giveUp).on('close', giveUp);
    signal.addEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
  });
}
