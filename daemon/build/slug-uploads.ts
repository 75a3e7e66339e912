import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildPlan } from '../../buildpacks/plan.js';
import { procfilePlanner } from '../../buildpacks/procfile/planner.js';
import type { Artifact } from '../engines/engine.js';
import type { Clock } from '../shared/clock.js';
import { TfkError } from '../shared/errors.js';
import { Slots } from '../shared/slots.js';
import { scanTree } from '../shared/tree.js';
import { contentKey, type SourceContents } from './content-hash.js';
import type { BuildPaths, SlugEngine } from './contracts.js';
import { BuildFailure } from './failure.js';
import type { BuildLimits } from './limits.js';
import { BuildStopped } from './queue.js';
import type { ReceivedSource, Sources } from './receive.js';
import { SourceReader } from './source-reader.js';
import { SourceRefused, Unpacker } from './unpack.js';
import { refuseEscapingLinks } from './unpack/links.js';
import { Refusal } from './unpack/refusal.js';

/** A slug as it was announced. */
export interface AnnouncedSlug {
  readonly id: string;
  readonly appId: string;
  readonly processTypes: Readonly<Record<string, string>>;
  /** `SHA256:<hex>` of its tarball; null: any is taken. */
  readonly checksum: string | null;
}

/** What came of its tarball. */
export interface UploadedSlug {
  readonly artifact: Artifact;
  readonly contents: SourceContents;
  readonly contentKey: string;
  readonly plan: BuildPlan;
  /** `SHA256:<hex>` of the tarball. */
  readonly checksum: string;
}

/** The rows of slugs, as far as uploads need them. Main implements it over the store. */
export interface SlugUploadRecords {
  isThere(id: string): boolean;
  /** The slug is there from now on. Throws `not_found` where its app went meanwhile. */
  insert(id: string, slug: UploadedSlug): void;
  /** Forgets what was announced before that time and never came. */
  expire(before: number): void;
  /** Ids of uploaded slugs that a release in reach has, or that came lately. */
  inUse(): ReadonlySet<string>;
}

export interface SlugUploadParts {
  readonly engineOf: (appId: string) => SlugEngine;
  readonly records: SlugUploadRecords;
  /** Each under its slug's id: what is fetched is what was uploaded, byte by byte. */
  readonly tarballs: Sources;
  readonly paths: Pick<BuildPaths, 'builds' | 'unpackProgram' | 'readProgram'>;
  readonly limits: BuildLimits;
  readonly clock: Clock;
}

/** Far longer than an upload can be silent. */
const TARBALL_AGE_MS = 60 * 60_000;
/** For the tarball of an announced slug to come. */
const ANNOUNCED_MS = 24 * 60 * 60_000;

const SILENT = { step: () => undefined, detail: () => undefined, warning: () => undefined };

/**
 * Takes in slugs that were built elsewhere, as tarballs of `./app`: unpacked by the same child process as sources, then built
 * by the app's engine as a source that needs no steps. What comes of it is a slug like any other.
 */
export class SlugUploads {
  private readonly underWay = new Map<string, AbortController>();
  private readonly slots: Slots;
  private readonly unpacker: Unpacker;
  private stopped = false;

  constructor(private readonly parts: SlugUploadParts) {
    const { limits, paths } = parts;
    this.slots = new Slots(limits.concurrency);
    this.unpacker = new Unpacker(paths.unpackProgram, {
      bytes: limits.unpackedBytes,
      entries: limits.sourceFiles,
      milliseconds: limits.unpackMs,
    });
  }

  /**
   * Resolves when the slug is there, and can be released. Rejects with a TfkError for whatever is wrong with the tarball, or
   * with the body's own error when the client goes away: nothing is kept then, and the same URL takes another try.
   */
  async receive(
    slug: AnnouncedSlug,
    body: AsyncIterable<Uint8Array>,
    announced: number | null,
  ): Promise<void> {
    const { records, tarballs } = this.parts;
    if (this.stopped) throw inWordsOfSlugs(new BuildStopped('interrupted'));
    if (records.isThere(slug.id)) throw takenAlready();
    if (this.underWay.has(slug.id)) throw takenNow();
    const stop = new AbortController();
    this.underWay.set(slug.id, stop);
    try {
      const received = await tarballs.receive(slug.id, body, announced);
      refuseOther(received, slug.checksum);
      await this.slots.run(() => this.make(slug, received, stop.signal));
    } catch (error) {
      await tarballs.remove(slug.id);
      throw inWordsOfSlugs(error);
    } finally {
      this.underWay.delete(slug.id);
    }
  }

  /** Once after a start: an upload that was cut off has left no slug, and is to be begun again. */
  async recover(): Promise<void> {
    await this.parts.tarballs.recover();
    await this.sweep();
  }

  /** What an upload has built is in no row yet, so it looks like garbage. */
  get busy(): boolean {
    return this.underWay.size > 0;
  }

  /** Ends what is being unpacked and built, and takes nothing in any more. */
  stop(): void {
    this.stopped = true;
    for (const stop of this.underWay.values()) stop.abort(new BuildStopped('interrupted'));
  }

  /** Removes the tarballs of slugs that nobody needs any more, and forgets announcements that came to nothing. */
  async sweep(): Promise<void> {
    const { records, tarballs, clock } = this.parts;
    const keep = new Set([...records.inUse(), ...this.underWay.keys()]);
    // One that is under way may have been announced long ago; the next sweep comes soon.
    if (!this.busy) records.expire(clock.now() - ANNOUNCED_MS);
    await tarballs.sweep(clock.now(), TARBALL_AGE_MS, keep);
  }

  private async make(slug: AnnouncedSlug, received: ReceivedSource, signal: AbortSignal): Promise<void> {
    const { paths, tarballs, records } = this.parts;
    const tree = join(paths.builds, `slug-${slug.id}.tree`);
    try {
      await this.unpacker.unpack(await tarballs.locate(slug.id), tree, signal);
      await refuseOtherLayout(tree);
      const made = await this.build(slug, join(tree, APP), signal);
      // At once: removing a great tree takes a while, and until then nobody knows the artifact.
      records.insert(slug.id, { ...made, checksum: `SHA256:${received.sha256}` });
    } finally {
      // One that cannot be removed makes no upload fail that has succeeded: the next start clears it away.
      await rm(tree, { recursive: true, force: true }).catch(() => undefined);
    }
  }

  private async build(
    { id, appId, processTypes }: AnnouncedSlug,
    folder: string,
    signal: AbortSignal,
  ): Promise<Omit<UploadedSlug, 'checksum'>> {
    const { limits, engineOf } = this.parts;
    const engine = engineOf(appId);
    const contents = await this.contentsOf(folder, signal);
    const built = await engine.build({
      appId,
      buildId: id,
      plan: AS_IT_IS,
      sourceDir: folder,
      env: {},
      config: {},
      configKey: () => '',
      limits: { timeoutMs: limits.timeoutMs, slugBytes: limits.slugBytes, outputBytes: limits.floodBytes },
      output: SILENT,
      signal,
    });
    signal.throwIfAborted();
    if (!built.ok) throw refused(built.message);
    // A push of the same files is another slug: its process types are those of its Procfile.
    const plan = { ...AS_IT_IS, planner: 'upload', defaultProcessTypes: processTypes };
    const runtime = `${engine.name} ${await engine.runtimeOf(AS_IT_IS)}`;
    return {
      artifact: built.artifact,
      contents,
      contentKey: contentKey({ source: contents.hash, plan, runtime, config: '' }),
      plan,
    };
  }

  private async contentsOf(folder: string, signal: AbortSignal): Promise<SourceContents> {
    const { paths, limits } = this.parts;
    const reader = new SourceReader(paths.readProgram, folder, limits.reading, signal);
    try {
      return await reader.ask('contents', null);
    } finally {
      reader.close();
    }
  }
}

/** The folder of the archive that is the app's root. */
const APP = 'app';
const AS_IT_IS: BuildPlan = procfilePlanner.plan(
  { has: () => false, read: () => null, list: () => [] },
  { config: {}, images: false },
);

async function refuseOtherLayout(tree: string): Promise<void> {
  const names = await readdir(tree);
  const other = names.find((name) => name !== APP);
  if (other !== undefined) throw refused(`it holds ${JSON.stringify(other)} beside the folder ./app`);
  const found = await lstat(join(tree, APP)).catch(() => null);
  if (found?.isDirectory() !== true) throw refused('it has no folder ./app');
  // The app's root is the end of the world for its links, not the archive's.
  const entries = await scanTree(join(tree, APP));
  refuseEscapingLinks(new Map(entries.map((entry) => [entry.path, entry])));
}

function refuseOther({ sha256 }: ReceivedSource, checksum: string | null): void {
  if (checksum === null || checksum.toLowerCase() === `sha256:${sha256}`) return;
  throw refused(`its checksum is SHA256:${sha256}, and it was announced with ${checksum}`);
}

function refused(reason: string): TfkError {
  return new TfkError('invalid_params', `The slug was refused: ${reason.replace(/\.$/, '')}.`, {
    hint: 'Pack it from the folder above with `tar czf slug.tgz ./app`, and PUT it to the same URL again.',
  });
}

/** What the shared parts say of a source, said of a slug. */
function inWordsOfSlugs(error: unknown): unknown {
  if (error instanceof SourceRefused) return refused(error.reason);
  if (error instanceof Refusal) return refused(error.message);
  if (error instanceof BuildFailure) return refused(error.message.replace('The source', 'it'));
  if (error instanceof BuildStopped)
    return new TfkError('unavailable', 'tfkd was stopped before the slug was made. Nothing was kept.', {
      hint: 'PUT it to the same URL again.',
    });
  if (error instanceof TfkError && error.id === 'too_large')
    return new TfkError('too_large', error.message.replace('The source', 'The slug'), {
      hint: 'Leave out of ./app what it does not need to run.',
    });
  return error;
}

const takenAlready = (): TfkError =>
  new TfkError('conflict', 'This slug was uploaded already, and stays as it is. Nothing was taken in.', {
    hint: 'Ask for another: POST /apps/APP/slugs',
  });

const takenNow = (): TfkError =>
  new TfkError('conflict', 'This slug is being uploaded by another request. Nothing was taken in.', {
    hint: 'Wait for that one, or ask for another: POST /apps/APP/slugs',
  });
