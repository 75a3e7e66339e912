import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { AppFeature, UpdateAppFeature, type AppFeature as AppFeatureJson } from '../../../api/index.js';
import type { AppFeature as FeatureRecord } from '../../release/app-features.js';
import type { AppRecord } from '../../store/apps.js';
import type { Context } from '../context.js';
import { findApp, findAppFeature } from '../find.js';
import { featureIdOf, timeOf } from '../platform.js';

interface OfApp {
  Params: { app: string };
}

interface OfFeature {
  Params: { app: string; feature: string };
}

/** Heroku's clients ask for an account's feature of the same name first (routes/account.ts), and come here if there is none. */
export function appFeatureRoutes(app: FastifyInstance, { services }: Context): void {
  const path = '/apps/:app/features/:feature';
  const one = { response: { 200: AppFeature } };
  const toJson = (record: AppRecord, feature: FeatureRecord): AppFeatureJson =>
    featureJson(record, feature, services.account.account().email);

  app.get<OfApp>(
    '/apps/:app/features',
    { schema: { response: { 200: Type.Array(AppFeature) } } },
    ({ params }) => {
      const record = findApp(services, params.app);
      return services.appFeatures.list(record).map((feature) => toJson(record, feature));
    },
  );
  app.get<OfFeature>(path, { schema: one }, ({ params }) => {
    const record = findApp(services, params.app);
    return toJson(record, findAppFeature(services, record, params.feature));
  });
  app.patch<OfFeature & { Body: UpdateAppFeature }>(
    path,
    { schema: { body: UpdateAppFeature, ...one } },
    ({ params, body }) => {
      const record = findApp(services, params.app);
      const feature = findAppFeature(services, record, params.feature);
      return toJson(record, services.appFeatures.set(record, feature, body.enabled));
    },
  );
}

/** Who is told what he thinks of it is whose home this is. */
function featureJson(app: AppRecord, feature: FeatureRecord, feedbackEmail: string): AppFeatureJson {
  const { name, description, displayName, docUrl, enabled, state, updatedAt } = feature;
  return {
    created_at: timeOf(app.createdAt),
    description,
    display_name: displayName,
    doc_url: docUrl,
    enabled,
    feedback_email: feedbackEmail,
    id: featureIdOf(name),
    name,
    state,
    updated_at: timeOf(updatedAt),
  };
}
