import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TfkError } from '../../shared/errors.js';

/** Whom the server runs as. PostgreSQL refuses to run as root, and no server needs to. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** What an add-on's server is. */
export interface Product {
  /** `postgres`: the service's name, and its folder's. */
  readonly service: string;
  /** For messages: `PostgreSQL`. */
  readonly name: string;
  /** The accounts that its packages make, by the names that Debian and others give them. */
  readonly accounts: readonly string[];
}

/** Every system has it. */
const LAST_RESORT = 'nobody';

/** The account for the server of a daemon that runs as root; `passwd` is the text of /etc/passwd. */
export function accountIn(passwd: string, names: readonly string[]): Owner | undefined {
  const accounts = new Map<string, Owner>();
  for (const line of passwd.split('\n')) {
    const [name = '', , uid = '', gid = ''] = line.split(':');
    if (/^\d+$/.test(uid) && /^\d+$/.test(gid)) accounts.set(name, { uid: Number(uid), gid: Number(gid) });
  }
  return [...names, LAST_RESORT]
    .map((name) => accounts.get(name))
    .find((owner) => owner !== undefined && owner.uid !== 0);
}

/** Undefined when tfkd is not root: then the server runs as the same user. */
export async function serverOwner(
  given: Owner | undefined,
  { name, accounts }: Product,
): Promise<Owner | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = given ?? accountIn(await readFile('/etc/passwd', 'utf8'), accounts);
  if (owner) return owner;
  throw new TfkError('unavailable', `${name} does not run as root, and this machine has no account for it.`, {
    hint: `Make one with: useradd --system ${accounts[0] ?? LAST_RESORT}`,
  });
}

/** The outermost folder on the way to `folder` that the owner may not pass through. Folders that do not exist yet are passed over. */
export async function closedFolder(folder: string, owner: Owner): Promise<string | undefined> {
  const outer = dirname(folder);
  const above = outer === folder ? undefined : await closedFolder(outer, owner);
  if (above !== undefined) return above;
  const found = await stat(folder).catch(() => undefined);
  return found && !mayPass(found, owner) ? folder : undefined;
}

function mayPass(
  folder: { readonly mode: number; readonly uid: number; readonly gid: number },
  owner: Owner,
): boolean {
  if (folder.uid === owner.uid) return (folder.mode & 0o100) !== 0;
  if (folder.gid === owner.gid) return (folder.mode & 0o010) !== 0;
  return (folder.mode & 0o001) !== 0;
}
