import { setTimeout as sleep } from 'node:timers/promises';
import type { Release } from '../../api/releases.js';
import { pathOfApp, type Context } from '../context.js';
import { UserError } from '../errors.js';
import { showStream } from './builds.js';

/** The newest first. */
export function newestReleases(context: Context, app: string, most: number): Promise<Release[]> {
  return context.client.get<Release[]>(`${pathOfApp(app)}/releases`, {
    range: `version ..; max=${most}, order=desc`,
  });
}

export async function latestRelease(context: Context, app: string): Promise<Release | undefined> {
  return (await newestReleases(context, app, 1))[0];
}

/** `v12`, `12` or nothing for the newest. */
export async function releaseNamed(
  context: Context,
  app: string,
  name: string | undefined,
): Promise<Release> {
  if (name !== undefined) {
    return context.client.get<Release>(
      `${pathOfApp(app)}/releases/${encodeURIComponent(name.replace(/^v(?=\d)/, ''))}`,
    );
  }
  const latest = await latestRelease(context, app);
  if (latest) return latest;
  throw new UserError(`${app} has no release yet.`, { hint: `Type: tfk push -a ${app}` });
}

/** Waits for the release command, if one runs, and shows what it prints. Throws where it failed, with what runs now. */
export async function settled(context: Context, app: string, release: Release): Promise<Release> {
  const done = release.status === 'pending' ? await followed(context, app, release) : release;
  if (done.status !== 'failed') return done;
  throw new UserError(`v${done.version} failed: ${done.message ?? 'its release command did not succeed'}`, {
    hint: `${await whatRuns(context, app)}\nType: tfk releases:output v${done.version} -a ${app}`,
  });
}

/** What still runs, as a sentence: said wherever something new failed. */
export async function whatRuns(context: Context, app: string): Promise<string> {
  const current = (await newestReleases(context, app, 20)).find((release) => release.current);
  return current?.slug ? `v${current.version} still runs, as before.` : 'Nothing of this app runs yet.';
}

/** What `tfk rollback` goes back to: as on Heroku, the second of those that can be gone back to. Newest first. */
export function earlierRelease(releases: readonly Release[]): Release | undefined {
  return releases.filter((release) => release.eligible_for_rollback)[1];
}

async function followed(context: Context, app: string, release: Release): Promise<Release> {
  if (release.output_stream_url !== null) {
    context.output.progress('Running release command...');
    await showStream(context, release.output_stream_url, 'stderr').catch(() => undefined);
  }
  for (;;) {
    const now = await releaseNamed(context, app, String(release.version));
    if (now.status !== 'pending') return now;
    await sleep(300);
  }
}
