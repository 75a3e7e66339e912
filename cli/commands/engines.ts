import type { App } from '../../api/apps.js';
import type { AppEngine, MovedApp } from '../../api/engines.js';
import { appOption, command, jsonOption, optional } from '../command.js';
import { pathOfApp, tfkPathOfApp, type Context } from '../context.js';
import { Interrupted } from '../errors.js';
import { deployedSentence, followDeploy } from '../follow/deploy.js';
import { visible } from '../output/sanitise.js';

const engine = command({
  name: 'apps:engine',
  summary: 'show the engine of an app, or move the app to another one',
  details:
    'A move builds what runs now anew on the other engine, from the same source, and releases it without a gap.\n' +
    'Releases, config and data stay; a database of the embedded engine restarts once. `tfk doctor` shows the engines.',
  args: { engine: optional('engine', 'docker or process; without it: show') },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk apps:engine -a myapp', 'tfk apps:engine docker -a myapp'],
  async run(context, { args, options }) {
    const name = context.app(options.app);
    if (args.engine === undefined) return show(context, name, options.json);
    return move(context, name, args.engine, options.json);
  },
});

export const commands = [engine];

async function show({ client, output }: Context, name: string, json: boolean): Promise<undefined> {
  const found = await client.get<AppEngine>(`${tfkPathOfApp(name)}/engine`);
  if (json) {
    output.json(found);
    return;
  }
  output.line(visible(found.engine));
  const { engine: builds, running_on: runs } = found;
  if (runs !== null && runs !== builds)
    output.progress(`It still runs on ${visible(runs)}; the next push moves it.`);
}

async function move(context: Context, name: string, wanted: string, json: boolean): Promise<undefined> {
  const { client, output } = context;
  const started = performance.now();
  const moved = await client.patch<MovedApp>(`${tfkPathOfApp(name)}/engine`, { engine: wanted });
  const deployed = moved.build && (await followed(context, name, moved.build));
  if (json) output.json({ ...moved, deployed });
  else if (deployed) output.line(deployedSentence(deployed, Math.round(performance.now() - started)));
  else output.line(withoutBuild(name, moved));
}

async function followed(context: Context, name: string, build: NonNullable<MovedApp['build']>) {
  const app = await context.client.get<App>(pathOfApp(name));
  let left = new Interrupted('Interrupted here; the move goes on in tfkd.');
  return context.untilInterrupted(
    () => followDeploy(context, { app, build }, (now) => (left = now)),
    () => left,
  );
}

function withoutBuild(app: string, { engine: now, running_on: runs }: MovedApp): string {
  if (runs === null) return `${app} has no code yet: its first push goes to ${now}.`;
  if (runs === now) return `${app} runs on ${now} already.`;
  return `${app} goes on running on ${runs}: the source of its code is not kept any more. The next push moves it to ${now}: tfk push -a ${app}`;
}
