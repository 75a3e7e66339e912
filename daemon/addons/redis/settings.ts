import { createHash } from 'node:crypto';
import type { Credentials } from './credentials.js';

export interface ServerSettings {
  readonly port: number;
  /** Loopback addresses, e.g. `127.0.0.1` and `::1`, and perhaps the one of Docker's bridge. */
  readonly addresses: readonly string[];
  readonly dataFolder: string;
  readonly logFile: string;
  readonly maxMemory: number;
  readonly secrets: Secrets;
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

/** Whom the server lets in. It keeps hashes, and never learns a password from a file. */
export type Secrets = Pick<Credentials, 'password' | 'former' | 'keeper'>;

/**
 * The app's user: all of the data is its own, and nothing that would change who may come in, where data is kept or whether the
 * server runs. And tfkd's, which sees no data.
 */
export function userLines(secrets: Secrets): string {
  const granted = ['client', 'config|get', 'slowlog', 'latency', 'monitor', 'lastsave', ...REPLICATION];
  const rules = ['+@all', '-@admin', ...granted.map((command) => `+${command}`)];
  return [
    `user default on ${passwordRules(secrets).join(' ')} ~* &* ${rules.join(' ')}\n`,
    `user ${KEEPER} on #${sha256(secrets.keeper)} resetchannels -@all +acl +client\n`,
  ].join('');
}

export const passwordRules = ({ password, former }: Secrets): string[] =>
  [password, ...(former === undefined ? [] : [former])].map((secret) => `#${sha256(secret)}`);

/** The name of tfkd's own user. */
export const KEEPER = 'tfk';

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
    userLines(settings.secrets),
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
