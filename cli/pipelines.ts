import type { App } from '../api/apps.js';
import type { PipelineCoupling } from '../api/pipeline-couplings.js';
import type { Pipeline } from '../api/pipelines.js';
import { pathOfApp, type Context } from './context.js';
import { UsageError } from './errors.js';
import { visible } from './output/sanitise.js';

/** An app with its place in a pipeline. */
export interface PipelineApp {
  readonly app: App;
  readonly coupling: PipelineCoupling;
}

/** As Heroku's CLI lists them. */
export const STAGES = ['test', 'review', 'development', 'staging', 'production'];
const PROMOTION_ORDER = ['development', 'staging', 'production'];

/** By id or name. */
export function pipelineNamed(context: Context, name: string): Promise<Pipeline> {
  return context.client.get<Pipeline>(`/pipelines/${encodeURIComponent(name)}`);
}

/** Where an app is; tfkd says what to type where it is in none. */
export function couplingOf(context: Context, app: string): Promise<PipelineCoupling> {
  return context.client.get<PipelineCoupling>(`${pathOfApp(app)}/pipeline-couplings`);
}

/** By stage, then by name. */
export async function appsOfPipeline(context: Context, pipelineId: string): Promise<PipelineApp[]> {
  const { client } = context;
  const couplings = await client.list<PipelineCoupling>(`/pipelines/${pipelineId}/pipeline-couplings`);
  const apps = new Map((await client.list<App>('/apps')).map((app) => [app.id, app]));
  return couplings
    .flatMap((coupling) => {
      const app = apps.get(coupling.app.id);
      return app === undefined ? [] : [{ app, coupling }];
    })
    .sort((one, other) => rank(one) - rank(other) || (one.app.name < other.app.name ? -1 : 1));
}

const rank = ({ coupling }: PipelineApp): number => STAGES.indexOf(coupling.stage);

/** The stage after this one. Throws where a promotion cannot go on from there. */
function stageAfter(app: string, stage: string): string {
  const at = PROMOTION_ORDER.indexOf(stage);
  const next = PROMOTION_ORDER[at + 1];
  if (at >= 0 && next !== undefined) return next;
  throw new UsageError(
    `Cannot promote ${visible(app)} from '${visible(stage)}' stage: there is none after it.`,
    `Name the apps to promote to: tfk pipelines:promote --to APP -a ${app}`,
  );
}

/** Those at the stage after the app's. Throws where there is none. */
export function downstream(source: PipelineApp, apps: readonly PipelineApp[]): PipelineApp[] {
  const { name } = source.app;
  const stage = stageAfter(name, source.coupling.stage);
  const found = apps.filter(({ coupling }) => coupling.stage === stage);
  if (found.length > 0) return found;
  throw new UsageError(
    `Cannot promote from ${visible(name)} as there are no downstream apps in ${stage} stage.`,
    `Put one there: tfk pipelines:add ${source.coupling.pipeline.name} -s ${stage} -a APP`,
  );
}
