import { chmod, chown, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TfkError } from '../../shared/errors.js';
import { closedFolder, serverOwner, type Owner } from './owner.js';
import { portIn } from './settings.js';

/** The folders of one add-on's server. All but `data` and `log` belong to tfkd. */
export interface ServerFolder {
  readonly path: string;
  readonly data: string;
  /** Where a cluster is made; it becomes `data` when it is whole. */
  readonly unfinished: string;
  readonly log: string;
  readonly conf: string;
  readonly hba: string;
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
 * Where servers and their binaries lie: `<addonsDir>/postgres`, or, when tfkd is root and its home lies behind a closed folder
 * (/root is one), `<systemDir>/postgres`: the server's account must be able to walk to its data, and other people's folders
 * are not ours to open.
 */
export class PostgresPlace {
  private chosen: Promise<{ readonly root: string; readonly owner: Owner | undefined }> | undefined;

  constructor(private readonly options: PlaceOptions) {}

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

  /** The ports of all add-ons here, also of those that do not run. */
  async portsInUse(): Promise<ReadonlySet<number>> {
    const ports = new Set<number>();
    for (const root of this.roots()) {
      for (const id of await readdir(root).catch(() => [])) {
        const port = portIn(await readFile(foldersIn(join(root, id)).conf, 'utf8').catch(() => ''));
        if (port !== undefined) ports.add(port);
      }
    }
    return ports;
  }

  private roots(): readonly string[] {
    return [join(this.options.addonsDir, 'postgres'), join(this.options.systemDir, 'postgres')];
  }

  private choose(): Promise<{ readonly root: string; readonly owner: Owner | undefined }> {
    this.chosen ??= this.firstOpen().catch((error: unknown) => {
      this.chosen = undefined;
      throw error;
    });
    return this.chosen;
  }

  private async firstOpen(): Promise<{ readonly root: string; readonly owner: Owner | undefined }> {
    const owner = await serverOwner(this.options.owner);
    const [own = '', system = ''] = this.roots();
    if (!owner) return { root: await made(own, 0o700), owner };
    if (!(await closedFolder(join(this.options.addonsDir, '..'), owner))) {
      await made(this.options.addonsDir, 0o711);
      return { root: await made(own, 0o711), owner };
    }
    const closed = await closedFolder(join(this.options.systemDir, '..'), owner);
    if (closed) throw noWayIn(closed, owner);
    await made(this.options.systemDir, 0o711);
    return { root: await made(system, 0o711), owner };
  }

  private async makePassable(path: string): Promise<void> {
    await made(path, (await this.owner()) ? 0o711 : 0o700);
  }
}

function foldersIn(path: string): ServerFolder {
  const inside = (name: string) => join(path, name);
  return {
    path,
    data: inside('data'),
    unfinished: inside('data.unfinished'),
    log: inside('log'),
    conf: inside('tfk.conf'),
    hba: inside('pg_hba.conf'),
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

function noWayIn(closed: string, owner: Owner): TfkError {
  return new TfkError(
    'unavailable',
    `PostgreSQL runs as uid ${owner.uid}, which may not pass through ${closed}.`,
    {
      hint: `Open it with chmod o+x ${closed}, or run tfkd as a user other than root.`,
    },
  );
}
