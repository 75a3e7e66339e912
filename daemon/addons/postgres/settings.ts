import { createHash } from 'node:crypto';
import { isLoopback } from '../servers/ports.js';
import type { RoleNames } from './roles.js';

const MEGABYTE = 1024 * 1024;
/** What the server's log may take on disk: so many files of so many bytes, and one that is being written. */
export const LOG_FILES_KEPT = 4;
const LOG_FILE_BYTES = 8 * MEGABYTE;

export interface ServerSettings {
  readonly port: number;
  /** Loopback addresses, e.g. `127.0.0.1` and `::1`, and perhaps the one of Docker's bridge. */
  readonly addresses: readonly string[];
  readonly hbaFile: string;
  readonly logFolder: string;
}

/**
 * The mark in the command line of a server and of each of its processes, by which they are told from everything else on the
 * machine. It comes from the data folder, so that a copy of a home never takes the original's server for its own.
 */
export function clusterMark(dataFolder: string): string {
  return `tfk-${createHash('sha256').update(dataFolder).digest('hex').slice(0, 20)}`;
}

/** The file that postgresql.conf includes; written anew at each start. */
export function serverConf(settings: ServerSettings): string {
  const lines: readonly (readonly [name: string, value: string])[] = [
    ['port', String(settings.port)],
    ['listen_addresses', settings.addresses.join(',')],
    // No socket file: its path could be too long for the kernel (107 bytes), and all clients come by TCP.
    ['unix_socket_directories', ''],
    ['hba_file', settings.hbaFile],
    ['password_encryption', 'scram-sha-256'],
    ['max_connections', '100'],
    ['timezone', 'UTC'],
    ['log_timezone', 'UTC'],
    ['logging_collector', 'on'],
    ['log_destination', 'stderr'],
    ['log_directory', settings.logFolder],
    ['log_filename', 'postgres-%Y%m%d-%H%M%S.log'],
    ['log_rotation_size', `${LOG_FILE_BYTES / 1024}kB`],
    ['log_rotation_age', '0'],
    ['log_file_mode', '0600'],
    ['log_line_prefix', '%m [%p] '],
  ];
  return `# Written by tfk at each start: changes here are lost.\n${lines.map(confLine).join('')}`;
}

const LOOPBACK = ['127.0.0.1/32', '::1/128'];

/**
 * Only the add-on's own roles may come in, into their own databases, with their passwords: from this machine, and, where the server
 * listens on the bridge too, the app's from the networks that this machine is itself a part of, as it is of every network of
 * containers.
 */
export function hbaConf(names: RoleNames, addresses: readonly string[]): string {
  const { user, second, keeper, database, scratch } = names;
  const beyond = addresses.some((address) => !isLoopback(address));
  const apps = [...LOOPBACK, ...(beyond ? ['samenet'] : [])].map(
    (from) => `host "${database}" "${user}","${second}" ${from} scram-sha-256\n`,
  );
  const ours = LOOPBACK.map(
    (from) => `host "${database}","${scratch}","postgres" "${keeper}" ${from} scram-sha-256\n`,
  );
  return [...apps, ...ours].join('');
}

/** The addresses in a file written by `serverConf`. */
export function addressesIn(conf: string): string[] {
  return /^listen_addresses = '(.*)'$/m.exec(conf)?.[1]?.split(',') ?? [];
}

function confLine([name, value]: readonly [string, string]): string {
  return `${name} = '${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'\n`;
}
