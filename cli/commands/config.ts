import type { ConfigVars } from '../../api/config-vars.js';
import type { Release } from '../../api/releases.js';
import { closest, didYouMean } from '../closest.js';
import { appOption, command, flag, jsonOption, optional, restRequired } from '../command.js';
import { edited } from '../config-vars/edit.js';
import { changesOf, pairsOf } from '../config-vars/pairs.js';
import { ask } from '../confirm.js';
import { pathOfApp, type Context } from '../context.js';
import { UserError } from '../errors.js';
import { latestRelease, settled } from '../follow/releases.js';
import { appName } from '../output/output.js';
import { visible, visibleLines } from '../output/sanitise.js';
import { shellPair } from '../output/shell.js';
import { fields } from '../output/table.js';

const shellOption = flag('-s, --shell', 'answer KEY=value lines, quoted for a shell');

const list = command({
  name: 'config',
  summary: 'show the config vars of an app',
  args: {},
  options: { app: appOption, json: jsonOption, shell: shellOption },
  examples: ['tfk config -a myapp', 'tfk config -s > .env'],
  async run(context, { options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const vars = sorted(await client.get<ConfigVars>(`${pathOfApp(app)}/config-vars`));
    if (options.json) return output.json(vars);
    if (options.shell) return output.lines(Object.entries(vars).map(([key, value]) => shellPair(key, value)));
    if (Object.keys(vars).length === 0)
      return output.progress(`${app} has no config vars. Type: tfk config:set KEY=value -a ${app}`);
    output.header(`${appName(output.out, app)} Config Vars`);
    return output.lines(fields(Object.entries(vars)));
  },
});

const get = command({
  name: 'config:get',
  summary: 'print the value of a config var, as it is',
  args: { keys: restRequired('key', 'one or several') },
  options: { app: appOption, json: jsonOption, shell: shellOption },
  examples: ['tfk config:get DATABASE_URL -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const vars = await client.get<ConfigVars>(`${pathOfApp(app)}/config-vars`);
    const found = args.keys.map((key) => [key, valueOf(vars, key, app)] as const);
    if (options.json) return output.json(Object.fromEntries(found));
    for (const [key, value] of found)
      output.line(options.shell ? shellPair(key, value) : plain(value, output));
    return undefined;
  },
});

const set = command({
  name: 'config:set',
  summary: 'set config vars; makes a release and restarts the dynos',
  details: 'With - instead of pairs: reads a .env file from stdin.',
  args: { pairs: restRequired('KEY=value', 'one or several; or - for a .env file on stdin') },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk config:set LOG_LEVEL=debug', 'tfk config:set - -a myapp < .env'],
  async run(context, { args, options }) {
    const pairs = await pairsOf(args.pairs, context.stdin);
    const app = context.app(options.app);
    const keys = Object.keys(pairs);
    const { release, vars } = await applied(context, app, pairs, 'Setting');
    if (options.json) context.output.json(vars);
    else if (release) context.output.lines(fields(keys.map((key) => [key, pairs[key] ?? ''])));
    return undefined;
  },
});

const unset = command({
  name: 'config:unset',
  summary: 'remove config vars; makes a release and restarts the dynos',
  args: { keys: restRequired('key', 'one or several') },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk config:unset LOG_LEVEL -a myapp'],
  async run(context, { args, options }) {
    const app = context.app(options.app);
    const changes = Object.fromEntries(args.keys.map((key) => [key, null]));
    const { vars } = await applied(context, app, changes, 'Unsetting');
    if (options.json) context.output.json(vars);
    return undefined;
  },
});

const edit = command({
  name: 'config:edit',
  summary: 'change config vars in your editor ($VISUAL or $EDITOR)',
  args: { key: optional('key', 'only the value of this one') },
  options: { app: appOption },
  examples: ['tfk config:edit -a myapp', 'EDITOR=nano tfk config:edit LOG_LEVEL'],
  async run(context, { args, options }) {
    const app = context.app(options.app);
    const before = sorted(await context.client.get<ConfigVars>(`${pathOfApp(app)}/config-vars`));
    const after = await edited(context.config, before, args.key);
    const changes = changesOf(before, after);
    const keys = Object.keys(changes);
    if (keys.length === 0) return context.output.progress('Nothing was changed.');
    for (const key of keys)
      context.output.progress(`  ${changes[key] === null ? '-' : key in before ? '~' : '+'} ${key}`);
    if (context.stdin.isTTY && !/^(y|yes|)$/i.test(await ask(context, 'Set this? [Y/n] '))) {
      return context.output.progress('Nothing was changed.');
    }
    await applied(context, app, changes, 'Setting');
    return undefined;
  },
});

export const commands = [list, get, set, unset, edit];

/** Sends changes and follows the release that they make; `release` is null when they changed nothing. */
async function applied(
  context: Context,
  app: string,
  changes: Readonly<Record<string, string | null>>,
  doing: string,
): Promise<{ vars: ConfigVars; release: Release | null }> {
  const { client, output } = context;
  const before = await latestRelease(context, app);
  const title = `${doing} ${Object.keys(changes).join(', ')} and restarting ${appName(output.err, app)}`;
  const { vars, after } = await output.action(
    title,
    async () => {
      const all = await client.patch<ConfigVars>(`${pathOfApp(app)}/config-vars`, changes);
      return { vars: all, after: await latestRelease(context, app) };
    },
    ({ after }) => (after?.version === before?.version ? 'nothing changed' : `v${after?.version ?? ''}`),
  );
  if (!after || after.version === before?.version) return { vars, release: null };
  return { vars, release: await settled(context, app, after) };
}

/** A pipe gets the value as it is; on a terminal its control characters are shown. */
function plain(value: string, output: Context['output']): string {
  return output.toTerminal ? visibleLines(value) : value;
}

function valueOf(vars: ConfigVars, key: string, app: string): string {
  const value = vars[key];
  if (value !== undefined) return value;
  const guess = didYouMean(closest(key, Object.keys(vars)));
  throw new UserError(`${app} has no config var ${visible(key)}.`, {
    hint: guess ?? `Type: tfk config -a ${app}`,
  });
}

function sorted(vars: ConfigVars): ConfigVars {
  return Object.fromEntries(Object.entries(vars).sort(([a], [b]) => (a < b ? -1 : 1)));
}
