import type { App } from '../../api/apps.js';
import { appOption, command, jsonOption, optional, required, text } from '../command.js';
import { pathOfApp, type Context } from '../context.js';
import { UsageError, UserError } from '../errors.js';
import { gitBase, gitSettings, gitUrl, helperCommand } from '../git/address.js';
import { attributesIn, credentialsFor } from '../git/credentials.js';
import { GitProgram } from '../git/program.js';

const remoteOption = text('-r, --remote <name>', 'what git calls it; else tfk');

const remote = command({
  name: 'git:remote',
  summary: 'let plain `git push tfk main` deploy an app',
  details:
    'Writes a remote and whom to ask for the password into the settings of this repository only. The token itself\n' +
    'is written nowhere: git gets one from tfk git:credentials, good for an hour, whenever it needs one.',
  args: {},
  options: { app: appOption, remote: remoteOption, json: jsonOption },
  examples: ['tfk git:remote -a myapp', 'tfk git:remote -a myapp -r staging'],
  async run(context, { options }) {
    const git = new GitProgram(context.config.cwd, context.config.env);
    if ((await git.tries('rev-parse', '--git-dir')) === null) {
      throw new UserError('This folder is in no git repository.', { hint: 'Type: git init' });
    }
    const app = await context.client.get<App>(context.appPath(options.app));
    const base = await gitBase(context);
    const name = remoteName(options.remote);
    const url = gitUrl(base, app.name);
    const known = (await git.run('remote')).split('\n').includes(name);
    await git.run('remote', known ? 'set-url' : 'add', name, url);
    await writeSettings(context, git, base);
    if (options.json) return context.output.json({ app: app.name, remote: name, url });
    return context.output.line(`set git remote ${name} to ${url}`);
  },
});

const clone = command({
  name: 'git:clone',
  summary: 'clone what was pushed to an app, ready to be pushed again',
  args: { app: required('app', 'the app'), dir: optional('dir', 'the folder; else one named after the app') },
  options: { remote: remoteOption },
  examples: ['tfk git:clone myapp', 'tfk git:clone myapp ~/src/myapp'],
  async run(context, { args, options }) {
    const app = await context.client.get<App>(pathOfApp(args.app));
    const base = await gitBase(context);
    const settings = gitSettings(base, helperCommand(context)).flatMap(([key, value]) => [
      '--config',
      `${key}=${value}`,
    ]);
    const git = new GitProgram(context.config.cwd, context.config.env);
    const origin = ['--origin', remoteName(options.remote)];
    return git.show('clone', ...origin, ...settings, '--', gitUrl(base, app.name), args.dir ?? app.name);
  },
});

const credentials = command({
  name: 'git:credentials',
  summary: 'answer git, which asks for the password of a push',
  details:
    "Speaks git's protocol of credential helpers: `get` reads what git asks for and prints a token of an hour.\n" +
    'Nothing is stored, so `store` and `erase` have nothing to do.',
  args: { action: required('action', 'get, store or erase') },
  options: {},
  examples: ["git config credential.http://127.0.0.1:4270.helper '!tfk git:credentials'"],
  async run(context, { args }) {
    if (!['get', 'store', 'erase'].includes(args.action)) {
      throw new UsageError(`git:credentials takes get, store or erase, not ${args.action}.`);
    }
    let asked = '';
    for await (const chunk of context.stdin.setEncoding('utf8')) asked += chunk as string;
    if (args.action === 'get') context.output.lines(await credentialsFor(context, attributesIn(asked)));
    return undefined;
  },
});

export const commands = [remote, clone, credentials];

/** What git would not take, or would take for an option. */
function remoteName(given = 'tfk'): string {
  if (/^[A-Za-z0-9][\w./-]*$/.test(given)) return given;
  throw new UsageError(`A git remote cannot be called ${JSON.stringify(given)}.`);
}

async function writeSettings(context: Context, git: GitProgram, base: string): Promise<void> {
  const settings = gitSettings(base, helperCommand(context));
  for (const key of new Set(settings.map(([each]) => each))) {
    await git.tries('config', '--local', '--unset-all', key);
  }
  for (const [key, value] of settings) await git.run('config', '--local', '--add', key, value);
}
