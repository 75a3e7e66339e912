import { chmod, chown, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TfkError } from '../../shared/errors.js';
import { closedFolder, serverOwner, type Owner, type Product } from './owner.js';

/** The folders and files of one add-on's server. All but `data` and `log` belong to tfkd. */
export interface ServerFolder {
  readonly path: string;
  readonly data: string;
  readonly log: string;
  /** Written by tfk at each start. */
  readonly conf: string;
  /** What the server says before its log begins. */
  readonly startLog: string;
  /** There once `provision` has come to its end. */
  readonly provisioned: string;
}

export interface PlaceOptions {
  readonly addonsDir: string;
  /** Used in place of `addonsDir` by a root tfkd whose home is closed to the server's account. */
  readonly systemDir: string;
  readonly owner: Owner | undefined;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Where a service's servers and their binaries lie: `<addonsDir>/postgres`, or, when tfkd is root and its home lies behind a
 * closed folder (/root is one), `<systemDir>/postgres`: the server's account must be able to walk to its data, and other
 * people's folders are not ours to open.
 */
export class ServerPlace {
  private chosen: Promise<{ readonly root: string; readonly owner: Owner | undefined }> | undefined;

  constructor(
    private readonly options: PlaceOptions,
    private readonly of: Product,
  ) {}

  /** Made if it is not there. */
  async root(): Promise<string> {
    return (await this.choose()).root;
  }

  async owner(): Promise<Owner | undefined> {
    return (await this.choose()).owner;
  }

  /** The folders of a server that is there, or of one to be made. */
  async folderOf(id: string): Promise<ServerFolder> {
    if (!UUID.test(id)) throw new TypeError(`Not an add-on id: ${id}`);
    for (const root of this.roots()) {
      if (await isFolder(join(root, id))) return foldersIn(join(root, id));
    }
    return foldersIn(join(await this.root(), id));
  }

  /** Makes the add-on's folder with an empty log folder. */
  async make(folder: ServerFolder): Promise<void> {
    await this.makePassable(folder.path);
    await this.makeOwned(folder.log);
  }

  /** A folder that only the server's account may look into. */
  async makeOwned(path: string): Promise<void> {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const owner = await this.owner();
    if (owner) await chown(path, owner.uid, owner.gid);
  }

  private roots(): readonly string[] {
    const { addonsDir, systemDir } = this.options;
    return [addonsDir, systemDir].map((folder) => join(folder, this.of.service));
  }

  private choose(): Promise<{ readonly root: string; readonly owner: Owner | undefined }> {
    this.chosen ??= this.firstOpen().catch((error: unknown) => {
      this.chosen = undefined;
      throw error;
    });
    return this.chosen;
  }

  private async firstOpen(): Promise<{ readonly root: string; readonly owner: Owner | undefined }> {
    const owner = await serverOwner(this.options.owner, this.of);
    const [own = '', system = ''] = this.roots();
    if (!owner) return { root: await made(own, 0o700), owner };
    if (!(await closedFolder(join(this.options.addonsDir, '..'), owner))) {
      await made(this.options.addonsDir, 0o711);
      return { root: await made(own, 0o711), owner };
    }
    const closed = await closedFolder(join(this.options.systemDir, '..'), owner);
    if (closed) throw noWayIn(this.of, closed, owner);
    await made(this.options.systemDir, 0o711);
    return { root: await made(system, 0o711), owner };
  }

  private async makePassable(path: string): Promise<void> {
    await made(path, (await this.owner()) ? 0o711 : 0o700);
  }
}

/** The file that tfk writes for the server whose folder that is. */
export const confOf = (path: string): string => join(path, 'tfk.conf');

function foldersIn(path: string): ServerFolder {
  const inside = (name: string) => join(path, name);
  return {
    path,
    data: inside('data'),
    log: inside('log'),
    conf: confOf(path),
    startLog: inside('start.log'),
    provisioned: inside('provisioned'),
  };
}

async function made(path: string, mode: number): Promise<string> {
  await mkdir(path, { recursive: true });
  await chmod(path, mode);
  return path;
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

function noWayIn({ name }: Product, closed: string, owner: Owner): TfkError {
  return new TfkError(
    'unavailable',
    `${name} runs as uid ${owner.uid}, which may not pass through ${closed}.`,
    {
      hint: `Open it with chmod o+x ${closed}, or run tfkd as a user other than root.`,
    },
  );
}
