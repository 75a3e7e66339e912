import { resolve } from 'node:path';
import type { App } from '../../api/apps.js';
import type { Build } from '../../api/builds.js';
import type { Release } from '../../api/releases.js';
import type { AppChoice } from '../app-name.js';
import { appOption, command, jsonOption, optional, text } from '../command.js';
import { pathOfApp, type Context } from '../context.js';
import { Interrupted, UserError } from '../errors.js';
import { followBuild } from '../follow/builds.js';
import { settled, whatRuns } from '../follow/releases.js';
import { untilLive } from '../follow/rollout.js';
import { took } from '../output/time.js';
import { appForFolder } from '../source/app-for-folder.js';
import { revisionOf } from '../source/revision.js';
import { sourceOf, upload } from '../source/upload.js';

interface Outcome {
  readonly app: string;
  readonly url: string | null;
  readonly build: string;
  /** The release that is live now. */
  readonly release: number | null;
  readonly unchanged: boolean;
  /** A later release took over before all dynos of this one were ready. */
  readonly superseded: boolean;
}

export const push = command({
  name: 'push',
  summary: 'build a folder and release it; waits until it is live',
  details:
    'The first push of a folder makes an app named after it and ties the folder to that app (.tfk/app).\n' +
    'What .slugignore names and git ignores is not sent, nor are .git and node_modules.',
  args: { dir: optional('dir', 'the folder; else the one you are in') },
  options: {
    app: appOption,
    name: text('--name <name>', 'a name for the app, on the first push'),
    json: jsonOption,
  },
  examples: ['tfk push', 'tfk push examples/users-api', 'tfk push -a myapp'],
  async run(context, { args, options }) {
    const started = performance.now();
    const { folder, choice } = target(context, args.dir, options.app);
    const outcome = await pushed(context, { folder, choice, newName: options.name });
    const milliseconds = Math.round(performance.now() - started);
    if (options.json) context.output.json({ ...outcome, milliseconds });
    else context.output.line(sentence(outcome, milliseconds));
    return undefined;
  },
});

export const commands = [push];

interface Target {
  readonly folder: string;
  readonly choice: AppChoice | null;
}

/** Inside an app's folder, `push` means the app's whole folder; a folder named outright stands for itself. */
function target(context: Context, dir: string | undefined, app: string | undefined): Target {
  const folder = resolve(context.config.cwd, dir ?? '.');
  const choice = context.appOfFolder(app, folder);
  if (choice?.from !== 'folder' || choice.folder === undefined || choice.folder === folder) {
    return { folder, choice };
  }
  return dir === undefined ? { folder: choice.folder, choice } : { folder, choice: null };
}

async function pushed(context: Context, wanted: Target & { newName: string | undefined }): Promise<Outcome> {
  let left = new Interrupted('Interrupted before anything was built: nothing changed.');
  const work = async (): Promise<Outcome> => {
    const [tree, revision] = await Promise.all([sourceOf(context, wanted.folder), revisionOf(wanted.folder)]);
    const app = await appForFolder(context, wanted);
    const url = await upload(context, tree);
    const build = await context.client.post<Build>(`${pathOfApp(app.name)}/builds`, {
      source_blob: { url, version: revision },
    });
    left = buildGoesOn(app.name);
    const ended = await followBuild(context, app.name, build, 'stderr');
    if (ended.status === 'failed') throw await buildFailed(context, app.name, ended);
    const release = await releaseOf(context, app.name, ended);
    if (release === null) return unchanged(app, ended);
    left = rolloutGoesOn(app.name, release.version);
    return live(context, app, ended, await settled(context, app.name, release));
  };
  return context.untilInterrupted(work, () => left);
}

async function live(context: Context, app: App, build: Build, release: Release): Promise<Outcome> {
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

function unchanged(app: App, build: Build): Outcome {
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

function sentence(outcome: Outcome, milliseconds: number): string {
  const at = outcome.url === null ? '' : ` at ${outcome.url}`;
  if (outcome.unchanged) return `Nothing changed: ${outcome.app} runs this source already${at}`;
  if (outcome.superseded)
    return `v${outcome.release ?? ''} was released, and a later release has replaced it${at}`;
  return `v${outcome.release ?? ''} is live after ${took(milliseconds)}${at}`;
}

async function buildFailed(context: Context, app: string, build: Build): Promise<UserError> {
  return new UserError(`The build failed: ${build.message ?? 'its output above tells why'}`, {
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
