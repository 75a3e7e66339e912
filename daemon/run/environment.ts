import type { AppRecord } from '../store/apps.js';
import type { ReleaseRecord } from '../store/releases.js';
import type { SlugRecord } from '../store/slugs.js';

/**
 * The environment of a dyno: the slug's, over it the release's config, over it the platform's, which no config var may hide.
 * Heroku's names ("Dyno Metadata") stand beside tfk's own, so that code which reads them runs unchanged.
 */
export function dynoEnvironment(
  app: AppRecord,
  release: ReleaseRecord,
  slug: SlugRecord,
  dynoName: string,
): Record<string, string> {
  const platform = {
    APP_ID: app.id,
    APP_NAME: app.name,
    RELEASE_VERSION: `v${release.version}`,
    RELEASE_CREATED_AT: new Date(release.createdAt).toISOString(),
    SLUG_COMMIT: slug.commit ?? '',
    SLUG_DESCRIPTION: release.description,
  };
  return {
    ...slug.launchEnv,
    ...slug.broughtEnv,
    ...release.config,
    DYNO: dynoName,
    ...Object.fromEntries(
      Object.entries(platform).flatMap(([key, value]) => [
        [`TFK_${key}`, value],
        [`HEROKU_${key}`, value],
      ]),
    ),
  };
}
