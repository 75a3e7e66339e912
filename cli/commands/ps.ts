import type { DynoDetails } from '../../api/dynos.js';
import type { Formation } from '../../api/formation.js';
import { closest, didYouMean } from '../closest.js';
import { appOption, command, jsonOption, optional, rest, text } from '../command.js';
import { pathOfApp, tfkPathOfApp } from '../context.js';
import { UsageError, UserError } from '../errors.js';
import { latestRelease } from '../follow/releases.js';
import { untilLive } from '../follow/rollout.js';
import { dynoList } from '../output/dynos.js';
import { appName } from '../output/output.js';
import { visible } from '../output/sanitise.js';
import { formationLine, nowRunning, parseScale } from '../scale.js';

const list = command({
  name: 'ps',
  summary: 'list the dynos of an app',
  args: { types: rest('type', 'only dynos of these process types') },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk ps -a myapp', 'tfk ps web -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const all = await client.get<DynoDetails[]>(`${tfkPathOfApp(app)}/dynos`);
    const dynos = args.types.length === 0 ? all : all.filter(({ type }) => args.types.includes(type));
    if (options.json) return output.json(dynos);
    if (dynos.length > 0) return output.lines(dynoList(dynos, context.now(), output.out));
    if (args.types.length > 0) throw noSuchType(args.types, all, app);
    return output.line(`No dynos on ${appName(output.out, app)}`);
  },
});

const scale = command({
  name: 'ps:scale',
  summary: 'set how many dynos of each process type run',
  details: 'Without an argument: prints the formation.',
  args: { changes: rest('type=count', 'web=2, worker+1, web=2:standard-2x') },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk scale web=4 worker=2', 'tfk scale web+1', 'tfk scale web=2:standard-2x', 'tfk scale'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const path = `${context.appPath(options.app)}/formation`;
    const updates = args.changes.map(parseScale);
    if (updates.length === 0) {
      const formation = await client.list<Formation>(path);
      if (options.json) output.json(formation);
      else if (formation.length > 0) output.line(visible(formationLine(formation)));
      else output.progress('This app has no process types yet. Type: tfk push');
      return undefined;
    }
    const formation = await output.action(
      'Scaling dynos',
      () => client.patch<Formation[]>(path, { updates }),
      (now) => `now running ${visible(nowRunning(now, updates))}`,
    );
    if (options.json) output.json(formation);
    return undefined;
  },
});

const dynoOrType = optional('dyno|type', 'web.1, or web for all its dynos');
const dynoName = text('-d, --dyno-name <dyno>', 'one dyno');
const processType = text('-p, --process-type <type>', 'all dynos of a type');

const restart = command({
  name: 'ps:restart',
  summary: 'start dynos anew',
  args: { target: dynoOrType },
  options: { app: appOption, dyno: dynoName, type: processType },
  examples: ['tfk ps:restart', 'tfk ps:restart web', 'tfk ps:restart worker.2'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const target = args.target ?? options.dyno ?? options.type;
    await output.action(`Restarting ${named(target, 'all dynos')} on ${appName(output.err, app)}`, () =>
      client.delete(`${pathOfApp(app)}/${target === undefined ? 'dynos' : pathOf(target)}`),
    );
    return undefined;
  },
});

const stop = command({
  name: 'ps:stop',
  summary: 'end a dyno; one of the formation is started again',
  args: { target: dynoOrType },
  options: { app: appOption, dyno: dynoName, type: processType },
  examples: ['tfk ps:stop run.4711', 'tfk ps:stop worker'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const target = args.target ?? options.dyno ?? options.type;
    if (target === undefined)
      throw new UsageError('Which dyno?', 'Type: tfk ps:stop web.1, or tfk ps:stop web');
    const app = context.app(options.app);
    await output.action(`Stopping ${named(target, '')} on ${appName(output.err, app)}`, () =>
      client.post(`${pathOfApp(app)}/${pathOf(target)}/actions/stop`),
    );
    return undefined;
  },
});

const wait = command({
  name: 'ps:wait',
  summary: 'wait until all dynos run the newest release',
  args: {},
  options: { app: appOption, json: jsonOption },
  examples: ['tfk ps:wait -a myapp'],
  async run(context, { options }) {
    const { output } = context;
    const app = context.app(options.app);
    const release = await latestRelease(context, app);
    if (!release) throw new UserError(`${app} has no release yet.`, { hint: `Type: tfk push -a ${app}` });
    const rollout = await untilLive(context, app, release.version);
    if (options.json) return output.json(rollout);
    return output.line(`v${rollout.release} is live${rollout.url === null ? '' : ` at ${rollout.url}`}`);
  },
});

export const commands = [list, scale, restart, stop, wait];

function pathOf(target: string): string {
  const part = encodeURIComponent(target);
  return isDyno(target) ? `dynos/${part}` : `formations/${part}`;
}

function named(target: string | undefined, all: string): string {
  if (target === undefined) return all;
  return isDyno(target) ? `dyno ${visible(target)}` : `${visible(target)} dynos`;
}

function isDyno(target: string): boolean {
  return /\.\d+$/.test(target);
}

function noSuchType(asked: readonly string[], all: readonly DynoDetails[], app: string): UserError {
  const types = [...new Set(all.map(({ type }) => type))];
  const guess = didYouMean(closest(asked[0] ?? '', types));
  return new UserError(`No ${asked.join(', ')} dynos on ${app}.`, {
    hint: guess ?? (types.length > 0 ? `It runs: ${types.join(', ')}` : `Type: tfk scale -a ${app}`),
  });
}
