import { resolve } from 'node:path';
import type { Build } from '../../api/builds.js';
import type { AppChoice } from '../app-name.js';
import { appOption, command, jsonOption, optional, text } from '../command.js';
import { pathOfApp, type Context } from '../context.js';
import { Interrupted, UsageError } from '../errors.js';
import { deployedSentence, followDeploy, type Deployed } from '../follow/deploy.js';
import { visible } from '../output/sanitise.js';
import { appForFolder } from '../source/app-for-folder.js';
import { withImageSource } from '../source/image-source.js';
import { revisionOf } from '../source/revision.js';
import { sourceOf, upload } from '../source/upload.js';

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
    image: text('--image <image>', 'an existing image in place of a folder; on the Docker engine'),
    json: jsonOption,
  },
  examples: [
    'tfk push',
    'tfk push examples/users-api',
    'tfk push -a myapp',
    'tfk push --image nginx:1.27 --name site',
  ],
  async run(context, { args, options }) {
    const started = performance.now();
    const outcome = await pushedOf(context, args.dir, options);
    const milliseconds = Math.round(performance.now() - started);
    if (options.json) context.output.json({ ...outcome, milliseconds });
    else context.output.line(deployedSentence(outcome, milliseconds));
    return undefined;
  },
});

export const commands = [push];

interface Wishes {
  readonly app: string | undefined;
  readonly name: string | undefined;
  readonly image: string | undefined;
}

async function pushedOf(
  context: Context,
  dir: string | undefined,
  { app, name, image }: Wishes,
): Promise<Deployed> {
  if (image === undefined) return pushed(context, { ...target(context, dir, app), newName: name });
  if (dir !== undefined) throw new UsageError('Push a folder or an image: not both at once.');
  const choice = context.appOfFolder(app, context.config.cwd);
  if (choice === null && name === undefined) {
    throw new UsageError(
      'Which app?',
      `Type: tfk push --image ${visible(image)} -a NAME, or --name NAME for a new one`,
    );
  }
  return withImageSource(image, (folder) =>
    pushed(context, { folder, choice, newName: name, version: image }),
  );
}

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

interface Push extends Target {
  readonly newName: string | undefined;
  /** What the source is called; else its git commit. */
  readonly version?: string;
}

async function pushed(context: Context, wanted: Push): Promise<Deployed> {
  let left = new Interrupted('Interrupted before anything was built: nothing changed.');
  const work = async (): Promise<Deployed> => {
    const [tree, revision] = await Promise.all([sourceOf(context, wanted.folder), revisionOf(wanted.folder)]);
    const app = await appForFolder(context, wanted);
    const url = await upload(context, tree);
    const build = await context.client.post<Build>(`${pathOfApp(app.name)}/builds`, {
      source_blob: { url, version: wanted.version ?? revision },
    });
    return followDeploy(context, { app, build }, (now) => (left = now));
  };
  return context.untilInterrupted(work, () => left);
}
