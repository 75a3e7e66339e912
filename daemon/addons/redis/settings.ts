import { createHash } from 'node:crypto';

export interface ServerSettings {
  readonly port: number;
  /** Loopback addresses, e.g. `127.0.0.1` and `::1`, and perhaps the one of Docker's bridge. */
  readonly addresses: readonly string[];
  readonly dataFolder: string;
  readonly logFile: string;
  readonly maxMemory: number;
  readonly password: string;
}

/**
 * The name under which a server shows in `ps`, by which it is told from everything else on the machine. It comes from the data
 * folder, so that a copy of a home never takes the original's server for its own.
 */
export function titleOf(dataFolder: string): string {
  return `redis-server:tfk-${createHash('sha256').update(dataFolder).digest('hex').slice(0, 20)}`;
}

/** Wherever the server runs: every write goes to the append-only file, and to the disk within a second. */
export const KEPT: readonly (readonly [name: string, value: string])[] = [
  ['appendonly', 'yes'],
  ['appendfsync', 'everysec'],
  ['save', ''],
  // It is a store, as far as tfk knows: what does not fit is refused, and nothing is thrown away.
  ['maxmemory-policy', 'noeviction'],
];

/**
 * The only user there is: all of the data is its own, and nothing that would change who may come in, where data is kept or
 * whether the server runs. The server keeps a hash of the password and never learns the password itself from a file.
 */
export function userLine(password: string): string {
  const granted = ['client', 'config|get', 'slowlog', 'latency', 'monitor', 'lastsave', ...REPLICATION];
  const rules = ['+@all', '-@admin', ...granted.map((command) => `+${command}`)];
  return `user default on #${sha256(password)} ~* &* ${rules.join(' ')}\n`;
}

/** What `redis-cli --rdb` needs to take a copy of the data. */
const REPLICATION = ['sync', 'psync', 'replconf'];

/** Written anew at each start. */
export function serverConf(settings: ServerSettings): string {
  const lines: readonly (readonly [name: string, value: string])[] = [
    ['dir', settings.dataFolder],
    ['logfile', settings.logFile],
    ['maxmemory', String(settings.maxMemory)],
    ...KEPT,
  ];
  return [
    '# Written by tfk at each start: changes here are lost.\n',
    `port ${settings.port}\n`,
    `${BIND}${settings.addresses.join(' ')}\n`,
    ...lines.map(([name, value]) => `${name} ${quoted(value)}\n`),
    userLine(settings.password),
  ].join('');
}

/** The addresses in a file written by `serverConf`. */
export function addressesIn(conf: string): string[] {
  const line = conf.split('\n').find((each) => each.startsWith(BIND));
  return line?.slice(BIND.length).split(' ') ?? [];
}

/** Do both files say the same but where the server listens? */
export function areAlike(one: string, other: string): boolean {
  const rest = (conf: string) => conf.split('\n').filter((line) => !line.startsWith(BIND));
  return rest(one).join('\n') === rest(other).join('\n');
}

const BIND = 'bind ';

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function quoted(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
