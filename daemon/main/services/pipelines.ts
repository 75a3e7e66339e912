import type { PipelineService } from '../../http/services.js';
import type { Stages } from './stages.js';

export function pipelineService({
  pipelines,
  promotions,
}: Pick<Stages, 'pipelines' | 'promotions'>): PipelineService {
  return {
    create: (name) => pipelines.create(name),
    rename: (id, name) => pipelines.rename(id, name),
    destroy: (id) => pipelines.destroy(id),
    couple: (pipeline, app, stage) => pipelines.couple(pipeline, app, stage),
    setStage: (couplingId, stage) => pipelines.setStage(couplingId, stage),
    uncouple: (couplingId) => pipelines.uncouple(couplingId),
    promote: (request) => promotions.create(request),
  };
}
