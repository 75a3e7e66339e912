import type { Clock } from '../shared/clock.js';
import { notFound, TfkError } from '../shared/errors.js';
import { newId } from '../shared/ids.js';
import type { AppRecord } from '../store/apps.js';
import { STAGES, type CouplingRecord, type Stage } from '../store/pipeline-couplings.js';
import type { PipelineRecord } from '../store/pipelines.js';
import type { Store } from '../store/store.js';

/** Heroku's own rule. */
const NAME = /^[a-z][a-z0-9-]{2,29}$/;

/** Makes pipelines, and puts apps into them: each app into one at most, at one stage. */
export class Pipelines {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
  ) {}

  create(name: string): PipelineRecord {
    assertPipelineName(name);
    const id = newId();
    this.store.transaction(() => {
      this.assertFree(name);
      this.store.pipelines.insert({ id, name, createdAt: this.clock.now() });
    });
    return this.get(id);
  }

  rename(id: string, name: string): PipelineRecord {
    assertPipelineName(name);
    this.store.transaction(() => {
      if (this.get(id).name === name) return;
      this.assertFree(name);
      this.store.pipelines.rename(id, name, this.clock.now());
    });
    return this.get(id);
  }

  /** Its apps stay as they are. A promotion's targets that have no release yet get none. */
  destroy(id: string): void {
    this.store.pipelines.delete(id);
  }

  couple(pipeline: PipelineRecord, app: AppRecord, stage: string): CouplingRecord {
    const known = stageNamed(stage);
    const id = newId();
    this.store.transaction(() => {
      const coupling = this.store.pipelineCouplings.ofApp(app.id);
      if (coupling) throw alreadyIn(app, coupling);
      this.store.pipelineCouplings.insert({
        id,
        pipelineId: this.get(pipeline.id).id,
        appId: app.id,
        stage: known,
        createdAt: this.clock.now(),
      });
    });
    return this.coupling(id);
  }

  setStage(couplingId: string, stage: string): CouplingRecord {
    this.store.pipelineCouplings.setStage(couplingId, stageNamed(stage), this.clock.now());
    return this.coupling(couplingId);
  }

  uncouple(couplingId: string): void {
    this.store.pipelineCouplings.delete(couplingId);
  }

  private get(id: string): PipelineRecord {
    const pipeline = this.store.pipelines.find(id);
    if (!pipeline) throw notFound('pipeline', 'There is no such pipeline.', 'List them: tfk pipelines');
    return pipeline;
  }

  private coupling(id: string): CouplingRecord {
    const coupling = this.store.pipelineCouplings.byId(id);
    if (!coupling) throw notFound('pipeline_coupling', 'The app is in no pipeline any more.');
    return coupling;
  }

  private assertFree(name: string): void {
    if (!this.store.pipelines.find(name)) return;
    throw new TfkError('invalid_params', `The pipeline name ${name} is taken. Nothing was changed.`, {
      hint: 'Choose another name.',
    });
  }
}

function assertPipelineName(name: string): void {
  if (NAME.test(name)) return;
  throw new TfkError('invalid_params', `${JSON.stringify(name.slice(0, 80))} cannot be a pipeline's name.`, {
    hint: 'A name has 3 to 30 lower-case letters, digits and dashes, and begins with a letter.',
  });
}

function stageNamed(text: string): Stage {
  const stage = STAGES.find((known) => known === text);
  if (stage !== undefined) return stage;
  throw new TfkError(
    'invalid_params',
    `There is no stage ${JSON.stringify(text.slice(0, 80))}. Nothing was changed.`,
    { hint: `The stages are ${STAGES.join(', ')}.`, suggestions: STAGES },
  );
}

const alreadyIn = (app: AppRecord, { pipelineName, stage }: CouplingRecord): TfkError =>
  new TfkError(
    'invalid_params',
    `${app.name} is in the pipeline ${pipelineName} already, as ${stage}. Nothing was changed.`,
    { hint: `Take it out first: tfk pipelines:remove -a ${app.name}` },
  );
