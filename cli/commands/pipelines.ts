import type { Account } from '../../api/account.js';
import type { PipelineCoupling } from '../../api/pipeline-couplings.js';
import type { Pipeline } from '../../api/pipelines.js';
import { appOption, command, jsonOption, optional, required, text } from '../command.js';
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import { appName } from '../output/output.js';
import { visible } from '../output/sanitise.js';
import { table } from '../output/table.js';
import { appsOfPipeline, couplingOf, pipelineNamed, STAGES } from '../pipelines.js';

const pipeline = required('pipeline', 'its name or id');
const stageOption = text('-s, --stage <stage>', `one of ${STAGES.join(', ')}`);

const list = command({
  name: 'pipelines',
  summary: 'list your pipelines',
  args: {},
  options: { json: jsonOption },
  examples: ['tfk pipelines'],
  async run({ client, output }, { options }) {
    const pipelines = await client.list<Pipeline>('/pipelines');
    if (options.json) return output.json(pipelines);
    if (pipelines.length === 0) {
      return output.progress('You have no pipelines. Type: tfk pipelines:create NAME -s staging -a APP');
    }
    output.header('My Pipelines');
    return output.lines(pipelines.map(({ name }) => visible(name)));
  },
});

const create = command({
  name: 'pipelines:create',
  summary: 'create a pipeline, with an app in it',
  args: { name: optional('name', "its name; else the app's, without its stage") },
  options: { app: appOption, stage: stageOption, json: jsonOption },
  examples: ['tfk pipelines:create shop -s staging -a shop-staging'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const name = args.name ?? withoutStage(app);
    const stage = options.stage ?? guessedStage(app);
    assertStage(stage);
    const made = await output.action(`Creating ${visible(name)} pipeline`, () =>
      client.post<Pipeline>('/pipelines', { name }),
    );
    await addTo(context, made, app, stage);
    return options.json ? output.json(made) : undefined;
  },
});

const info = command({
  name: 'pipelines:info',
  summary: 'show the apps in a pipeline',
  args: { pipeline },
  options: { json: jsonOption },
  examples: ['tfk pipelines:info shop'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const found = await pipelineNamed(context, args.pipeline);
    const apps = await appsOfPipeline(context, found.id);
    if (options.json) {
      return output.json({
        pipeline: found,
        apps: apps.map(({ app, coupling }) => ({ ...app, pipelineCoupling: coupling })),
      });
    }
    output.header(visible(found.name));
    output.line(`owner: ${visible((await client.get<Account>('/account')).email)}`);
    output.line();
    return output.lines(
      table(apps, [
        { header: 'app name', value: ({ app }) => app.name },
        { header: 'stage', value: ({ coupling }) => coupling.stage },
      ]),
    );
  },
});

const add = command({
  name: 'pipelines:add',
  summary: 'put an app into a pipeline',
  args: { pipeline },
  options: { app: appOption, stage: stageOption, json: jsonOption },
  examples: ['tfk pipelines:add shop -s production -a shop'],
  async run(context, { args, options }) {
    const app = context.app(options.app);
    const stage = options.stage ?? guessedStage(app);
    assertStage(stage);
    const coupling = await addTo(context, await pipelineNamed(context, args.pipeline), app, stage);
    return options.json ? context.output.json(coupling) : undefined;
  },
});

const update = command({
  name: 'pipelines:update',
  summary: 'move an app to another stage of its pipeline',
  args: {},
  options: { app: appOption, stage: stageOption, json: jsonOption },
  examples: ['tfk pipelines:update -s production -a shop'],
  async run(context, { options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const { stage } = options;
    if (stage === undefined)
      throw new UsageError('To which stage?', `Type: tfk pipelines:update -s staging -a ${app}`);
    const { id } = await couplingOf(context, app);
    const coupling = await output.action(`Changing ${appName(output.err, app)} to ${visible(stage)}`, () =>
      client.patch<PipelineCoupling>(`/pipeline-couplings/${id}`, { stage }),
    );
    return options.json ? output.json(coupling) : undefined;
  },
});

const remove = command({
  name: 'pipelines:remove',
  summary: 'take an app out of its pipeline; it runs on',
  args: {},
  options: { app: appOption },
  examples: ['tfk pipelines:remove -a shop'],
  async run(context, { options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const { id, pipeline: from } = await couplingOf(context, app);
    await output.action(`Removing ${appName(output.err, app)} from ${visible(from.name)}`, () =>
      client.delete(`/pipeline-couplings/${id}`),
    );
    return undefined;
  },
});

const rename = command({
  name: 'pipelines:rename',
  summary: 'give a pipeline another name',
  args: { pipeline, name: required('name', 'its new name') },
  options: { json: jsonOption },
  examples: ['tfk pipelines:rename shop store'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const { id, name } = await pipelineNamed(context, args.pipeline);
    const renamed = await output.action(`Renaming ${visible(name)} pipeline to ${visible(args.name)}`, () =>
      client.patch<Pipeline>(`/pipelines/${id}`, { name: args.name }),
    );
    return options.json ? output.json(renamed) : undefined;
  },
});

const destroy = command({
  name: 'pipelines:destroy',
  summary: 'remove a pipeline; its apps run on',
  args: { pipeline },
  options: {},
  examples: ['tfk pipelines:destroy shop'],
  async run(context, { args }) {
    const { client, output } = context;
    const { id, name } = await pipelineNamed(context, args.pipeline);
    await output.action(`Destroying ${visible(name)} pipeline`, () =>
      client.delete<Pipeline>(`/pipelines/${id}`, { name }),
    );
    return undefined;
  },
});

export const commands = [list, create, info, add, update, remove, rename, destroy];

function addTo(
  { client, output }: Context,
  to: Pipeline,
  app: string,
  stage: string,
): Promise<PipelineCoupling> {
  return output.action(
    `Adding ${appName(output.err, app)} to ${visible(to.name)} pipeline as ${visible(stage)}`,
    () => client.post<PipelineCoupling>('/pipeline-couplings', { app, pipeline: to.id, stage }),
  );
}

/** Checked before anything is made: tfkd would refuse it only after the pipeline is there. */
function assertStage(stage: string): void {
  if (STAGES.includes(stage)) return;
  throw new UsageError(`There is no stage ${visible(stage)}.`, `The stages are ${STAGES.join(', ')}.`);
}

/** As Heroku's CLI proposes: by the end of the app's name, else production. */
function guessedStage(app: string): string {
  if (/(^|-)(stg|staging)$/.test(app)) return 'staging';
  return /(^|-)(dev|development|local)$/.test(app) ? 'development' : 'production';
}

const withoutStage = (app: string): string =>
  app.replace(/-(stg|staging|dev|development|prod|production|local)$/, '');
