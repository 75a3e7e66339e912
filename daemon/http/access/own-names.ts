import type { FastifyRequest } from 'fastify';
import type { Services } from '../services.js';
import { UnknownName } from '../unknown-name.js';
import { visibleTo } from './app-access.js';

type Visible = (appId: string) => boolean;

/** By the kind of what was looked for among everybody's, the names of those that the requester may see. */
const NAMES: Readonly<Record<string, (services: Services, isVisible: Visible) => readonly string[]>> = {
  app: ({ apps }, isVisible) => namesOf(apps.list().filter(({ id }) => isVisible(id))),
  pipeline: ({ records }, isVisible) =>
    namesOf(
      records.pipelines
        .list()
        .filter(({ id }) => records.pipelineCouplings.ofPipeline(id).every(({ appId }) => isVisible(appId))),
    ),
  add_on({ records }, isVisible) {
    const attached = records.addons.attachments().filter(({ appId }) => isVisible(appId));
    const ids = new Set(attached.map(({ addonId }) => addonId));
    return namesOf(records.addons.all().filter(({ id, appId }) => isVisible(appId) || ids.has(id)));
  },
};

const namesOf = (records: readonly { readonly name: string }[]): string[] => records.map(({ name }) => name);

/** The error as it may be told: "did you mean" names nothing of others'. */
export function withoutOthersNames(services: Services, request: FastifyRequest, error: unknown): unknown {
  const { requester } = request;
  if (!(error instanceof UnknownName) || requester === null || requester.isAccount) return error;
  const names = NAMES[error.resource ?? '']?.(services, visibleTo(services, requester));
  return names ? error.among((name) => names.includes(name)) : error;
}
