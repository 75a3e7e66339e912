import type { Build } from '../../api/builds.js';
import { ambiguous } from '../ambiguous.js';
import { appOption, command, count, jsonOption, optional } from '../command.js';
import { pathOfApp, type Context } from '../context.js';
import { EXIT, UserError } from '../errors.js';
import { followBuild } from '../follow/builds.js';
import { appName } from '../output/output.js';
import { fields, table } from '../output/table.js';
import { ago } from '../output/time.js';

const id = optional('build', 'its id, or the beginning of it; else the newest');

const list = command({
  name: 'builds',
  summary: 'list the builds of an app, newest first',
  args: {},
  options: { app: appOption, json: jsonOption, most: count('-n, --num <count>', 'how many (15)') },
  examples: ['tfk builds -a myapp'],
  async run(context, { options }) {
    const { output } = context;
    const app = context.app(options.app);
    const builds = await newest(context, app, options.most ?? 15);
    if (options.json) return output.json(builds);
    if (builds.length === 0) return output.progress(`${app} has no builds. Type: tfk push -a ${app}`);
    output.header(`${appName(output.out, app)} Builds`);
    const colours = { succeeded: 'green', failed: 'red', pending: 'yellow' } as const;
    const lines = table(
      builds,
      [
        { value: (build) => build.id.slice(0, 8) },
        { value: stateOf, style: (cell, build) => output.out.in(colours[build.status], cell) },
        { value: (build) => build.message ?? build.source_blob.version?.slice(0, 8) ?? '', shrinks: true },
        { value: (build) => build.user.email },
        {
          value: (build) => ago(build.created_at, context.now()),
          style: (cell) => output.out.in('dim', cell),
        },
      ],
      output.width,
    );
    return output.lines(lines);
  },
});

const info = command({
  name: 'builds:info',
  summary: 'show a build',
  args: { id },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk builds:info -a myapp'],
  async run(context, { args, options }) {
    const { output } = context;
    const build = await buildNamed(context, context.app(options.app), args.id);
    if (options.json) return output.json(build);
    output.header(`Build ${build.id}`);
    return output.lines(
      fields([
        ['By', build.user.email],
        ['Status', stateOf(build)],
        ...(build.message === null ? [] : [['Reason', build.message] as [string, string]]),
        ['Version', build.source_blob.version ?? ''],
        ['When', ago(build.created_at, context.now())],
      ]),
    );
  },
});

const buildOutput = command({
  name: 'builds:output',
  summary: 'show the output of a build, as it comes while it runs',
  details: 'Exits with 1 when the build failed.',
  args: { id },
  options: { app: appOption },
  examples: ['tfk builds:output -a myapp'],
  async run(context, { args, options }) {
    const app = context.app(options.app);
    const build = await buildNamed(context, app, args.id);
    const ended = await followBuild(context, app, build, 'stdout');
    return ended.status === 'failed' ? EXIT.failed : EXIT.ok;
  },
});

const cancel = command({
  name: 'builds:cancel',
  summary: 'end a build that runs or waits',
  args: { id: optional('build', 'its id, or the beginning of it; else the newest that has not ended') },
  options: { app: appOption },
  examples: ['tfk builds:cancel -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const build =
      args.id === undefined
        ? (await newest(context, app, 20)).find(({ status }) => status === 'pending')
        : await buildNamed(context, app, args.id);
    if (!build)
      throw new UserError(`No build of ${app} runs or waits.`, { hint: `Type: tfk builds -a ${app}` });
    await output.action(`Cancelling build ${build.id.slice(0, 8)} of ${appName(output.err, app)}`, () =>
      client.delete(`${pathOfApp(app)}/builds/${build.id}`),
    );
    return undefined;
  },
});

export const commands = [list, info, buildOutput, cancel];

function newest(context: Context, app: string, most: number): Promise<Build[]> {
  return context.client.get<Build[]>(`${pathOfApp(app)}/builds`, {
    range: `created_at ..; max=${most}, order=desc`,
  });
}

/** Lists show the first eight letters of ids: those suffice. */
async function buildNamed(context: Context, app: string, name: string | undefined): Promise<Build> {
  if (name?.length === 36)
    return context.client.get<Build>(`${pathOfApp(app)}/builds/${encodeURIComponent(name)}`);
  const builds = await newest(context, app, 200);
  const meant = name === undefined ? builds.slice(0, 1) : builds.filter(({ id }) => id.startsWith(name));
  if (name !== undefined && meant.length > 1)
    throw ambiguous(name, 'builds', app, { meant: meant.map(({ id }) => id), lister: 'builds' });
  const [found] = meant;
  if (found) return found;
  throw new UserError(name === undefined ? `${app} has no builds.` : `${app} has no build ${name}.`, {
    hint: name === undefined ? `Type: tfk push -a ${app}` : `Type: tfk builds -a ${app}`,
  });
}

function stateOf(build: Build): string {
  if (build.unchanged) return 'unchanged';
  if (build.status !== 'pending') return build.status;
  return build.queue_position === null || build.queue_position === 0
    ? 'running'
    : `waiting (${build.queue_position})`;
}
