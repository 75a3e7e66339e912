import type { Credentials } from './credentials.js';
import { withLogin } from './login.js';

export interface RedisFacts {
  readonly version: string;
  /** `Available`, or what is wrong with it. */
  readonly status: string;
  readonly usedBytes: number;
  readonly maxBytes: number;
  readonly keys: number;
  /** Without the one that asks. */
  readonly connections: number;
}

export async function redisFacts(to: Credentials): Promise<RedisFacts> {
  return withLogin(to, async (client) => factsIn(await client.info()));
}

/** From the text of INFO. */
export function factsIn(info: string): RedisFacts {
  const found = new Map(
    info.split(/\r?\n/).flatMap((line): [string, string][] => {
      const at = line.indexOf(':');
      return at > 0 ? [[line.slice(0, at), line.slice(at + 1)]] : [];
    }),
  );
  const text = (name: string) => found.get(name) ?? '';
  const number = (name: string) => Number(found.get(name) ?? 0);
  const valkey = text('valkey_version');
  return {
    version: valkey === '' ? text('redis_version') : `Valkey ${valkey}`,
    status: statusIn(text('aof_last_write_status'), number('used_memory'), number('maxmemory')),
    usedBytes: number('used_memory'),
    maxBytes: number('maxmemory'),
    keys: keysIn(found),
    connections: Math.max(0, number('connected_clients') - 1),
  };
}

function statusIn(lastWrite: string, used: number, max: number): string {
  if (lastWrite === 'err') return 'Refuses writes: its file could not be written, is the disk full?';
  if (max > 0 && used >= max) return 'Available (full: what needs memory is refused)';
  return 'Available';
}

/** `db0:keys=3,expires=0,avg_ttl=0`, a line a database that has any. */
function keysIn(found: ReadonlyMap<string, string>): number {
  return [...found]
    .filter(([name]) => /^db\d+$/.test(name))
    .reduce((sum, [, text]) => sum + Number(/keys=(\d+)/.exec(text)?.[1] ?? 0), 0);
}
