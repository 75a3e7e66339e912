import type { Artifact } from '../../engines/engine.js';
import type { ReleaseService } from '../../http/services.js';
import { diffReleases } from '../../release/diff.js';
import { notFound, TfkError } from '../../shared/errors.js';
import type { ReleaseRecord } from '../../store/releases.js';
import type { SlugRecord } from '../../store/slugs.js';
import { awaitRollout } from './rollout.js';
import type { Stages } from './stages.js';

const POLL_MS = 50;

export function releaseService(stages: Stages): ReleaseService {
  const { store, releases } = stages;
  const contents = (release: ReleaseRecord) => ({
    release,
    contents: release.slugId === null ? null : store.slugs.contents(release.slugId),
  });
  return {
    current: (appId) => releases.current(appId),
    config: (appId) => releases.config(appId),
    setConfig: (appId, changes, actor) => releases.setConfig(appId, changes, actor),
    rollback: (appId, target, actor) => releases.rollback(appId, target, actor),
    async releaseSlug(appId, slugId, description, actor) {
      const slug = store.slugs.byId(slugId);
      if (!slug || slug.appId !== appId)
        throw notFound('slug', 'The app has no such slug. Nothing was released.');
      if (!(await stages.engines.hasArtifact(slug.artifact as Artifact))) throw slugGone(slug);
      await stages.addons.open(appId, slug.artifact.engine);
      const { release } = await releases.deploy(
        appId,
        {
          id: slugId,
          processTypes: slug.processTypes,
          description: description ?? `Deploy ${(slug.commit ?? slugId).slice(0, 8)}`,
          firstDeploy: { formation: {}, config: {} },
        },
        actor,
      );
      return release;
    },
    output: (release, signal) => releaseOutput(stages, release, signal),
    diff: async (from, to) => diffReleases(contents(from), contents(to)),
    rollout: (appId, version, waitMs, signal) => awaitRollout(stages, appId, version, { waitMs, signal }),
  };
}

const slugGone = ({ id }: SlugRecord): TfkError =>
  new TfkError('gone', `The slug ${id} was removed to save space. Nothing was released.`, {
    hint: 'Push its source again, or upload it again as another slug.',
  });

/** The release dyno's lines are all stored before its release ends: what is there then is all. */
async function* releaseOutput(
  stages: Stages,
  release: ReleaseRecord,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { store, logs, clock } = stages;
  const filter = { dyno: `release.${release.version}`, source: 'app' as const };
  let seen = 0;
  while (!signal.aborted) {
    const ended = store.releases.byId(release.id)?.status !== 'pending';
    const newest = logs.newest(release.appId);
    for await (const line of logs.read(release.appId, filter, seen, newest)) {
      yield 'text' in line
        ? `${line.text}\n`
        : ` !     ${line.dropped} older lines of the log were dropped\n`;
    }
    seen = newest;
    if (ended) return;
    await clock.sleep(POLL_MS, signal);
  }
}
