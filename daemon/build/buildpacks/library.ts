import { createHash, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FetchedBuildpack } from '../../../buildpacks/classic/plan.js';
import type { ClassicReference } from '../../../buildpacks/classic/reference.js';
import { writeFileAtomic } from '../../shared/atomic-file.js';
import type { Clock } from '../../shared/clock.js';
import { messageOf } from '../../shared/errors.js';
import { SerialQueue } from '../../shared/serial-queue.js';
import { scanTree, treeDigest } from '../../shared/tree.js';
import { BuildFailure } from '../failure.js';
import { SourceRefused, type Unpacker } from '../unpack.js';
import type { UnpackLimits } from '../unpack/report.js';
import { NoSuchBuildpack, type Fetched, type Fetching } from './fetched.js';
import { copyFolder, isTooLarge, objectionTo, rootOf } from './folder.js';
import { GIT_SETTINGS, GitFetcher } from './git.js';
import { fetchTarball } from './tarball.js';

export interface LibraryOptions {
  /** Where it keeps its things. */
  readonly folder: string;
  /** With the limits of a buildpack. */
  readonly unpacker: Unpacker;
  /** What one may be, packed or not, and how long fetching it may take. */
  readonly limits: UnpackLimits;
  /** To find git on. */
  readonly path: string;
  /** CA bundle and proxy settings of the host. */
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly fetch: typeof fetch;
}

/** A copy of a buildpack for one build. */
export interface CopiedBuildpack extends FetchedBuildpack {
  /** Where it could not be looked for a newer one. */
  readonly warning: string | null;
}

/** One that nobody built with for so long is fetched anew. */
const KEPT_MS = 30 * 24 * 60 * 60_000;

/**
 * The classic buildpacks that were fetched: `<folder>/<hash of the reference>/` has the last copy of each in `tree/`, and what its
 * version is called in `version.json`. Whole or not there at all.
 */
export class BuildpackLibrary {
  private readonly turns = new SerialQueue();
  private readonly git: GitFetcher;

  constructor(private readonly options: LibraryOptions) {
    const { path, env } = options;
    this.git = new GitFetcher({ path, env, settings: this.settings });
  }

  /**
   * Copies the newest of a buildpack to the folder `to`, which does not exist yet; where that cannot be fetched, the last one
   * that was. Rejects with a BuildFailure where there is none, and with the signal's reason.
   */
  copy(reference: ClassicReference, to: string, signal: AbortSignal): Promise<CopiedBuildpack> {
    return this.turns.run(reference.text, async () => {
      signal.throwIfAborted();
      const warning = reference.kind === 'folder' ? null : await this.update(reference, signal);
      await this.copyFrom(reference, to).catch((error: unknown) => {
        throw error instanceof BuildFailure
          ? error
          : gone(`${reference.text} cannot be read: ${messageOf(error)}`);
      });
      const digest = treeDigest(await scanTree(to));
      return { reference: reference.text, digest, warning };
    });
  }

  /** Once after a start: removes what a fetch was cut off in, and what was not built with for long. */
  async recover(): Promise<void> {
    for (const name of await readdir(this.options.folder).catch(() => [])) {
      const path = join(this.options.folder, name);
      const { mtimeMs } = await stat(path);
      const isOld = this.options.clock.now() - mtimeMs > KEPT_MS;
      if (name.startsWith('.') || isOld) await rm(path, { recursive: true, force: true });
    }
  }

  /** Null, or why it is not sure that this is the newest. */
  private async update(
    reference: Exclude<ClassicReference, { kind: 'folder' }>,
    signal: AbortSignal,
  ): Promise<string | null> {
    const place = this.placeOf(reference);
    await mkdir(this.options.folder, { recursive: true, mode: 0o700 });
    const scratch = await mkdtemp(join(this.options.folder, '.new-'));
    const known = await versionIn(place);
    const deadline = AbortSignal.timeout(this.options.limits.milliseconds);
    try {
      await writeFileAtomic(this.settings, GIT_SETTINGS);
      await this.fetch(reference, {
        scratch,
        archive: join(scratch, 'archive'),
        known: known?.version ?? null,
        limit: this.options.limits.bytes,
        signal: AbortSignal.any([signal, deadline]),
      });
      return null;
    } catch (error) {
      signal.throwIfAborted();
      const why = deadline.aborted
        ? `no answer within ${this.options.limits.milliseconds / 1000} s`
        : messageOf(error);
      if (error instanceof NoSuchBuildpack) throw gone(why);
      if (known === null) throw unfetched(reference, why);
      return `The buildpack ${reference.text} could not be fetched, and the copy of ${known.at.slice(0, 10)} is used: ${why}`;
    } finally {
      await rm(scratch, { recursive: true, force: true });
      const now = new Date(this.options.clock.now());
      await utimes(place, now, now).catch(() => undefined);
    }
  }

  private async fetch(
    reference: Exclude<ClassicReference, { kind: 'folder' }>,
    fetching: Fetching,
  ): Promise<void> {
    const fetched: Fetched =
      reference.kind === 'git'
        ? await this.git.fetch(reference, fetching)
        : await fetchTarball(reference, fetching, this.options.fetch);
    if (!fetched.changed) return;
    const fresh = join(fetching.scratch, 'fresh');
    const unpacked = join(fetching.scratch, 'unpacked');
    await this.options.unpacker
      .unpack(fetching.archive, unpacked, fetching.signal)
      .catch((error: unknown) => {
        throw error instanceof SourceRefused ? new Error(`its files are refused: ${error.reason}`) : error;
      });
    await mkdir(fresh, { mode: 0o700 });
    await rename(await rootOf(unpacked), join(fresh, 'tree'));
    const at = new Date(this.options.clock.now()).toISOString();
    await writeFile(join(fresh, 'version.json'), JSON.stringify({ version: fetched.version, at }));
    await this.replace(this.placeOf(reference), fresh);
  }

  private async replace(place: string, fresh: string): Promise<void> {
    const doomed = join(this.options.folder, `.gone-${randomUUID()}`);
    await rename(place, doomed).catch(() => undefined);
    await rename(fresh, place);
    await rm(doomed, { recursive: true, force: true });
  }

  private async copyFrom(reference: ClassicReference, to: string): Promise<void> {
    const { text } = reference;
    const from = reference.kind === 'folder' ? reference.path : join(this.placeOf(reference), 'tree');
    const objection = await objectionTo(from);
    if (objection !== null) throw gone(`${text} is no classic buildpack: ${objection}`);
    const { limits } = this.options;
    if (reference.kind === 'folder' && (await isTooLarge(from, limits)))
      throw gone(
        `${text} has more than the ${Math.floor(limits.bytes / 1048576)} MB or ${limits.entries} files of a buildpack`,
      );
    await copyFolder(from, to);
  }

  private placeOf({ text }: ClassicReference): string {
    return join(this.options.folder, createHash('sha256').update(text).digest('hex').slice(0, 32));
  }

  private get settings(): string {
    return join(this.options.folder, 'gitconfig');
  }
}

async function versionIn(
  place: string,
): Promise<{ readonly version: string | null; readonly at: string } | null> {
  return readFile(join(place, 'version.json'), 'utf8').then(
    (text) => JSON.parse(text) as { version: string | null; at: string },
    () => null,
  );
}

const HINT = 'Set another by `tfk buildpacks:set`, or none by `tfk buildpacks:clear`.';

const gone = (message: string): BuildFailure => new BuildFailure('runtime', `${message}.`, HINT);

const unfetched = ({ text }: ClassicReference, why: string): BuildFailure =>
  new BuildFailure(
    'runtime',
    `The buildpack ${text} could not be fetched: ${why}. There is no earlier copy of it.`,
    HINT,
  );
