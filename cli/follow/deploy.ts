import type { App } from '../../api/apps.js';
import type { Build } from '../../api/builds.js';
import type { Release } from '../../api/releases.js';
import { pathOfApp, type Context } from '../context.js';
import { Interrupted, UserError } from '../errors.js';
import { took } from '../output/time.js';
import { followBuild } from './builds.js';
import { settled, whatRuns } from './releases.js';
import { untilLive } from './rollout.js';

/** What came of a build. */
export interface Deployed {
  readonly app: string;
  readonly url: string | null;
  readonly build: string;
  /** The release that is live now. */
  readonly release: number | null;
  readonly unchanged: boolean;
  /** A later release took over before all dynos of this one were ready. */
  readonly superseded: boolean;
}

/**
 * Shows a build, and waits until its release is live or replaced. `leaving` is told what goes on in tfkd should the user
 * interrupt from now on. Rejects with a UserError where the build or its release command fails.
 */
export async function followDeploy(
  context: Context,
  { app, build }: { readonly app: App; readonly build: Build },
  leaving: (left: Interrupted) => void,
): Promise<Deployed> {
  leaving(buildGoesOn(app.name));
  const ended = await followBuild(context, app.name, build, 'stderr');
  if (ended.status === 'failed') throw await buildFailed(context, app.name, ended);
  const release = await releaseOf(context, app.name, ended);
  if (release === null) return unchanged(app, ended);
  leaving(rolloutGoesOn(app.name, release.version));
  return live(context, app, ended, await settled(context, app.name, release));
}

async function live(context: Context, app: App, build: Build, release: Release): Promise<Deployed> {
  const rollout = await untilLive(context, app.name, release.version);
  return {
    app: app.name,
    url: rollout.url ?? app.web_url,
    build: build.id,
    release: release.version,
    unchanged: false,
    superseded: rollout.status === 'superseded',
  };
}

function unchanged(app: App, build: Build): Deployed {
  return {
    app: app.name,
    url: app.web_url,
    build: build.id,
    release: null,
    unchanged: true,
    superseded: false,
  };
}

async function releaseOf(context: Context, app: string, build: Build): Promise<Release | null> {
  if (build.unchanged || build.release === null) return null;
  return context.client.get<Release>(`${pathOfApp(app)}/releases/${build.release.id}`);
}

export function deployedSentence(outcome: Deployed, milliseconds: number): string {
  const at = outcome.url === null ? '' : ` at ${outcome.url}`;
  if (outcome.unchanged) return `Nothing changed: ${outcome.app} runs this source already${at}`;
  if (outcome.superseded)
    return `v${outcome.release ?? ''} was released, and a later release has replaced it${at}`;
  return `v${outcome.release ?? ''} is live after ${took(milliseconds)}${at}`;
}

async function buildFailed(context: Context, app: string, build: Build): Promise<UserError> {
  // A short reason is worth saying twice; a long one stands right above.
  const { message } = build;
  const reason = message === null || message.includes('\n') ? 'its output above tells why' : message;
  return new UserError(`The build failed: ${reason}`, {
    hint: await whatRuns(context, app),
  });
}

function buildGoesOn(app: string): Interrupted {
  return new Interrupted(
    'Interrupted here; the build goes on in tfkd.',
    `To watch it: tfk builds:output -a ${app}\nTo cancel it: tfk builds:cancel -a ${app}`,
  );
}

function rolloutGoesOn(app: string, version: number): Interrupted {
  return new Interrupted(
    `Interrupted here; v${version} goes on being rolled out by tfkd.`,
    `To watch it: tfk ps:wait -a ${app}\nTo go back: tfk rollback -a ${app}`,
  );
}
