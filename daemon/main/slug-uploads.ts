import { join } from 'node:path';
import { FIXED_LIMITS } from '../build/limits.js';
import { Sources } from '../build/receive.js';
import { SlugUploads, type SlugUploadRecords } from '../build/slug-uploads.js';
import type { Config } from '../config.js';
import type { Engine } from '../engines/engine.js';
import type { Clock } from '../shared/clock.js';
import { notFound } from '../shared/errors.js';
import type { Store } from '../store/store.js';
import { RELEASES_KEPT } from './garbage.js';

/** Where the tarballs of uploaded slugs are kept, each under its slug's id. */
export const uploadedSlugs = (home: string): string => join(home, 'slug-uploads');

/** The uploads of slugs, wired: a tarball that was taken in becomes a slug of its app's engine. */
export function createSlugUploads({
  config: { home, programs, timeouts },
  store,
  clock,
  engineOf,
}: {
  readonly config: Pick<Config, 'home'> & {
    readonly programs: Pick<Config['programs'], 'unpack' | 'readSource'>;
    readonly timeouts: Pick<Config['timeouts'], 'buildMs'>;
  };
  readonly store: Store;
  readonly clock: Clock;
  readonly engineOf: (appId: string) => Pick<Engine, 'name' | 'runtimeOf' | 'build' | 'hasArtifact'>;
}): SlugUploads {
  return new SlugUploads({
    engineOf,
    records: recordsOf(store, clock),
    tarballs: new Sources(uploadedSlugs(home), FIXED_LIMITS),
    paths: { builds: join(home, 'builds'), unpackProgram: programs.unpack, readProgram: programs.readSource },
    limits: { ...FIXED_LIMITS, timeoutMs: timeouts.buildMs },
    clock,
  });
}

const recordsOf = (store: Store, clock: Clock): SlugUploadRecords => ({
  isThere: (id) => store.slugs.byId(id) !== undefined,
  inUse: () => new Set(store.slugs.inUse(RELEASES_KEPT).map(({ id }) => id)),
  expire: (before) => store.slugUploads.expire(before),
  insert: (id, { artifact, contents, contentKey, plan, checksum }) =>
    store.transaction(() => {
      const upload = store.slugUploads.byId(id);
      if (!upload) throw notFound('slug', 'The app of this slug was destroyed. Nothing was kept.');
      store.slugs.insert({
        id,
        appId: upload.appId,
        contentKey,
        artifact,
        processTypes: upload.processTypes,
        launchEnv: plan.launchEnv,
        launchPath: plan.launchPath,
        healthchecks: null,
        checksum,
        commit: upload.commit,
        planner: plan.planner,
        size: artifact.size,
        createdAt: upload.createdAt,
      });
      store.slugs.putContents(id, { files: contents.files, dependencies: contents.dependencies });
      store.slugUploads.markReceived(id, clock.now());
    }),
});
