import type { PipelinePromotion, PromotionTarget } from '../../api/pipeline-promotions.js';
import type { ReleaseDiff } from '../../api/tfk.js';
import { appOption, command, jsonOption, text } from '../command.js';
import { tfkPathOfApp, type Context } from '../context.js';
import { Interrupted, UsageError } from '../errors.js';
import { promoted } from '../follow/promotions.js';
import { diffLines } from '../output/diff.js';
import { appName } from '../output/output.js';
import { visible } from '../output/sanitise.js';
import { fields } from '../output/table.js';
import { appsOfPipeline, couplingOf, downstream, type PipelineApp } from '../pipelines.js';

const toOption = text('-t, --to <apps>', 'the apps of the pipeline that are meant, commas between them');

const promote = command({
  name: 'pipelines:promote',
  summary: 'release what an app runs on the apps of the next stage',
  details:
    'The same slug, not built again, with the config of each of those apps. Their release commands run as ever.\n' +
    'Interrupted here, it goes on in tfkd.',
  args: {},
  options: { app: appOption, to: toOption, json: jsonOption },
  examples: [
    'tfk pipelines:promote -a shop-staging',
    'tfk pipelines:promote -a shop-staging --to shop,shop-eu',
  ],
  async run(context, { options }) {
    const { client, output } = context;
    const { source, apps } = await placeOf(context, context.app(options.app));
    const targets = targetsOf(source, apps, options.to);
    const where = options.to === undefined ? (targets[0]?.coupling.stage ?? '') : `apps: ${options.to}`;
    const promotion = await output.action(`Starting promotion to ${visible(where)}`, () =>
      client.post<PipelinePromotion>('/pipeline-promotions', {
        pipeline: { id: source.coupling.pipeline.id },
        source: { app: { id: source.app.id } },
        targets: targets.map(({ app }) => ({ app: { id: app.id } })),
      }),
    );
    const ended = await context.untilInterrupted(
      () => promoted(context, promotion),
      () => new Interrupted('Interrupted here; the promotion goes on in tfkd.'),
    );
    return report(context, ended, { apps, json: options.json });
  },
});

const diff = command({
  name: 'pipelines:diff',
  summary: 'show what a promotion would bring to the next stage',
  details:
    'Compares the code that the apps run: files, dependencies, process types. Config is each app’s own.',
  args: {},
  options: { app: appOption, to: toOption, json: jsonOption },
  examples: ['tfk pipelines:diff -a shop-staging'],
  async run(context, { options }) {
    const { client, output } = context;
    const { source, apps } = await placeOf(context, context.app(options.app));
    const found = await Promise.all(
      targetsOf(source, apps, options.to).map(async ({ app }) => ({
        app: app.name,
        diff: await client.get<ReleaseDiff>(
          `${tfkPathOfApp(app.name)}/diff/${encodeURIComponent(source.app.name)}`,
        ),
      })),
    );
    if (options.json) return output.json(found);
    for (const { app, diff: difference } of found) showDiff(context, source.app.name, app, difference);
    return undefined;
  },
});

export const commands = [promote, diff];

/** The app, and all of its pipeline. */
async function placeOf(context: Context, app: string) {
  const { output } = context;
  const coupling = await output.action('Fetching app info', () => couplingOf(context, app));
  const { id, name } = coupling.pipeline;
  const apps = await output.action(`Fetching apps from ${visible(name)}`, () => appsOfPipeline(context, id));
  const source = apps.find((known) => known.app.id === coupling.app.id);
  if (source) return { source, apps };
  throw new UsageError(
    `${visible(app)} has left the pipeline ${visible(name)} meanwhile.`,
    'Type: tfk pipelines',
  );
}

function targetsOf(source: PipelineApp, apps: readonly PipelineApp[], to: string | undefined): PipelineApp[] {
  if (to === undefined) return downstream(source, apps);
  const names = to.split(',').filter((name) => name !== '');
  return names.map((name) => {
    const found = apps.find(({ app }) => app.name === name || app.id === name);
    if (found) return found;
    const { name: pipeline } = source.coupling.pipeline;
    throw new UsageError(
      `Cannot find app ${visible(name)} in ${visible(pipeline)}.`,
      `Type: tfk pipelines:info ${pipeline}`,
    );
  });
}

function report(
  { output }: Context,
  targets: readonly PromotionTarget[],
  { apps, json }: { readonly apps: readonly PipelineApp[]; readonly json: boolean },
): number {
  const nameOf = (id: string): string => apps.find(({ app }) => app.id === id)?.app.name ?? id;
  const failed = targets.some(({ status }) => status !== 'succeeded');
  if (json) output.json(targets);
  else {
    if (failed) output.warn('Promotion to some apps failed');
    else output.progress('\nPromotion successful');
    output.lines(
      fields(
        targets.map(({ app, status, error_message: why }) => [
          nameOf(app.id),
          why === null ? status : [status, why],
        ]),
      ),
    );
  }
  return failed ? 1 : 0;
}

function showDiff({ output }: Context, source: string, target: string, diff: ReleaseDiff): void {
  const names = [source, target].map((name) => appName(output.out, name));
  const code = { ...diff, config: [], bindings: [] };
  const same = !diff.slug.changed && diff.process_types.length === 0;
  output.header(
    same
      ? `${names[1] ?? ''} runs what ${names[0] ?? ''} runs`
      : `${names[0] ?? ''} v${diff.to} against ${names[1] ?? ''} v${diff.from}`,
  );
  if (!same) output.lines([...diffLines(code, output.out), '']);
}
