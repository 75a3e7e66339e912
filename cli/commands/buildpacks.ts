import { resolve } from 'node:path';
import type { BuildpackInstallation } from '../../api/buildpacks.js';
import { appOption, command, count, jsonOption, optional, required } from '../command.js';
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import { appName } from '../output/output.js';
import { visible } from '../output/sanitise.js';

const buildpack = required(
  'buildpack',
  'heroku/nodejs, https://host/x.git#ref, https://host/x.tgz, or a folder ./x',
);
const index = count('-i, --index <number>', 'its place in the list, from 1');

const list = command({
  name: 'buildpacks',
  summary: 'list the buildpacks set on an app',
  args: {},
  options: { app: appOption, json: jsonOption },
  examples: ['tfk buildpacks -a myapp'],
  async run(context, { options }) {
    const { output } = context;
    const app = context.app(options.app);
    const set = await installed(context, options.app);
    if (options.json) return output.json(set);
    if (set.length === 0) return output.line(`${visible(app)} has no Buildpacks.`);
    output.header(`${appName(output.out, app)} Classic ${set.length > 1 ? 'Buildpacks' : 'Buildpack'}`);
    return output.lines(named(set));
  },
});

const set = command({
  name: 'buildpacks:set',
  summary: 'plan the builds of an app by this buildpack',
  args: { buildpack },
  options: { app: appOption, index, json: jsonOption },
  examples: [
    'tfk buildpacks:set heroku/nodejs -a myapp',
    'tfk buildpacks:set https://github.com/heroku/heroku-buildpack-php.git#v264',
    'tfk buildpacks:set ./my-buildpack',
  ],
  async run(context, { args, options }) {
    const now = await installed(context, options.app);
    const place = (options.index ?? 1) - 1;
    const wanted = references(now).toSpliced(place, 1, meant(context, args.buildpack));
    return change(context, { ...options, wanted, done: 'set' });
  },
});

const add = command({
  name: 'buildpacks:add',
  summary: 'set one more buildpack',
  args: { buildpack },
  options: { app: appOption, index, json: jsonOption },
  examples: ['tfk buildpacks:add heroku/nodejs -a myapp'],
  async run(context, { args, options }) {
    const now = await installed(context, options.app);
    const place = options.index === undefined ? now.length : options.index - 1;
    const wanted = references(now).toSpliced(place, 0, meant(context, args.buildpack));
    return change(context, { ...options, wanted, done: 'added' });
  },
});

const remove = command({
  name: 'buildpacks:remove',
  summary: 'no longer set a buildpack',
  args: { buildpack: optional('buildpack', 'its name or address') },
  options: { app: appOption, index, json: jsonOption },
  examples: ['tfk buildpacks:remove heroku/nodejs -a myapp'],
  async run(context, { args, options }) {
    if ((args.buildpack === undefined) === (options.index === undefined))
      throw new UsageError('Name the buildpack, or its --index.', 'Type: tfk buildpacks');
    const now = await installed(context, options.app);
    const wanted = meant(context, args.buildpack ?? '');
    const place =
      options.index === undefined
        ? now.findIndex(({ buildpack: { name, url } }) => [name, url].includes(wanted))
        : options.index - 1;
    if (now[place] === undefined)
      throw new UsageError('Buildpack not found. Nothing was removed.', 'Type: tfk buildpacks');
    return change(context, { ...options, wanted: references(now).toSpliced(place, 1), done: 'removed' });
  },
});

const clear = command({
  name: 'buildpacks:clear',
  summary: 'set no buildpack: the source says what it is',
  args: {},
  options: { app: appOption, json: jsonOption },
  examples: ['tfk buildpacks:clear -a myapp'],
  async run(context, { options }) {
    return change(context, { ...options, wanted: [], done: 'cleared' });
  },
});

export const commands = [list, set, add, remove, clear];

/** A folder is known by its path in full: tfkd is elsewhere. */
const meant = ({ config }: Context, text: string): string =>
  /^(?:\.{1,2}$|\.{0,2}\/)/.test(text) ? resolve(config.cwd, text) : text;

const references = (set: readonly BuildpackInstallation[]): string[] =>
  set.map(({ buildpack: { url } }) => url);
const named = (set: readonly BuildpackInstallation[]): string[] =>
  set.map(({ buildpack: { name } }, place) =>
    set.length === 1 ? visible(name) : `${place + 1}. ${visible(name)}`,
  );

const installed = (context: Context, app: string | undefined): Promise<BuildpackInstallation[]> =>
  context.client.get(`${context.appPath(app)}/buildpack-installations`);

interface Change {
  readonly app: string | undefined;
  readonly json: boolean;
  readonly wanted: readonly string[];
  /** `set`, `added`, `removed`, `cleared` */
  readonly done: string;
}

async function change(context: Context, { app: option, json, wanted, done }: Change): Promise<number> {
  const { client, output } = context;
  const app = visible(context.app(option));
  const { body: now } = await client.request<BuildpackInstallation[]>(
    'PUT',
    `${context.appPath(option)}/buildpack-installations`,
    { body: { updates: wanted.map((buildpack) => ({ buildpack })) } },
  );
  if (json) return output.json(now);
  if (now.length === 0)
    return output.line(
      `Buildpack${done === 'cleared' ? 's' : ''} ${done}. Next release on ${app} will detect buildpacks normally.`,
    );
  output.line(`Buildpack ${done}. Next release on ${app} will use ${named(now).join(', ')}.`);
  return output.progress('Type tfk push to create a new release using this buildpack.');
}
