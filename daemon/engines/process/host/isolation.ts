import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { TfkError } from '../../../shared/errors.js';
import type { SlugOwner } from '../builder.js';

const run = promisify(execFile);

/** The user ids of apps start here: above what distributions and containers hand out. */
const FIRST_UID = 200_000;
/** The kernel's highest usable user id. */
const LAST_UID = 2 ** 32 - 3;

export interface Isolation {
  readonly kind: 'user' | 'none';
  /** For `tfk doctor`: why not more, or what it is. */
  readonly detail: string;
  /** The user an app's dynos run as; undefined: tfkd's own. */
  ownerOf(appNumber: number): SlugOwner | undefined;
  /** What stands in front of a dyno's command to start it as that user, in a session of its own. */
  wrapping(appNumber: number): readonly string[];
}

export interface IsolationOptions {
  /** Must be reachable for other users, where dynos are to run as such. */
  readonly dynosDir: string;
  readonly nodePath: string;
  /** False keeps dynos under tfkd's own user even where more could be had. */
  readonly wanted: boolean;
}

/** Finds out what this machine allows, by trying it. */
export async function examineIsolation(options: IsolationOptions): Promise<Isolation> {
  if (!options.wanted) return sharedUser('switched off by the settings', await canForbidPrivileges());
  if (process.getuid?.() !== 0) {
    return sharedUser('only root can run dynos as other users', await canForbidPrivileges());
  }
  const obstacle = await findObstacle(options);
  return obstacle === null ? ownUsers() : sharedUser(obstacle, await canForbidPrivileges());
}

async function findObstacle({ dynosDir, nodePath }: IsolationOptions): Promise<string | null> {
  const asStranger = (command: string, ...args: string[]) =>
    succeeds('setpriv', [...as(FIRST_UID), command, ...args]);
  if (!(await asStranger('/bin/sh', '-c', ':')))
    return 'setpriv of util-linux is missing, or may not change the user';
  if (!(await asStranger('/bin/sh', '-c', 'cd "$1"', 'sh', dynosDir))) {
    return `other users cannot reach ${dynosDir}`;
  }
  if (!(await asStranger(nodePath, '-e', '0'))) return `other users cannot run ${nodePath}`;
  return null;
}

function ownUsers(): Isolation {
  return {
    kind: 'user',
    detail: `each app's dynos run as a user of their own (from ${FIRST_UID} on), without a way to more privileges`,
    ownerOf: (appNumber) => ({ uid: uidOf(appNumber), gid: uidOf(appNumber) }),
    wrapping: (appNumber) => ['setsid', 'setpriv', ...as(uidOf(appNumber))],
  };
}

function sharedUser(why: string, forbids: boolean): Isolation {
  return {
    kind: 'none',
    detail: `dynos run as tfkd's own user and can read all that tfkd can: ${why}`,
    ownerOf: () => undefined,
    wrapping: () => (forbids ? ['setsid', 'setpriv', '--no-new-privs'] : ['setsid']),
  };
}

function uidOf(appNumber: number): number {
  const uid = FIRST_UID + appNumber;
  if (!Number.isSafeInteger(appNumber) || appNumber < 1 || uid > LAST_UID) {
    throw new TfkError('internal_server_error', `No user id can be made of app number ${appNumber}.`);
  }
  return uid;
}

const as = (uid: number): string[] => [
  '--reuid',
  String(uid),
  '--regid',
  String(uid),
  '--clear-groups',
  '--no-new-privs',
];

const canForbidPrivileges = (): Promise<boolean> =>
  succeeds('setpriv', ['--no-new-privs', '/bin/sh', '-c', ':']);

async function succeeds(program: string, args: readonly string[]): Promise<boolean> {
  try {
    await run(program, [...args], { timeout: 10_000, env: { PATH: SYSTEM_PATH }, cwd: '/' });
    return true;
  } catch {
    return false;
  }
}

/** Where the tools of the system are, whatever tfkd was started with. */
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
