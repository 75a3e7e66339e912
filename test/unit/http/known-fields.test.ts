import { describe, expect, it } from 'vitest';
import * as api from '../../../api/index.js';
import { unknownField } from '../../../daemon/http/known-fields.js';

const pathOf = (schema: object, body: unknown): string | undefined => unknownField(schema, body)?.path;

describe('a field that the request does not take', () => {
  it.each([
    [api.CreateApp, { nmae: 'x' }, 'nmae'],
    [api.CreateApp, { name: 'x', constructor: 1 }, 'constructor'],
    [api.BatchUpdateFormation, { updates: [{ type: 'web' }, { tpye: 'web' }] }, 'updates.1.tpye'],
    [api.CreateBuild, { source_blob: { url: 'x', checksun: 'y' } }, 'source_blob.checksun'],
    [api.CreateAddon, { plan: { name: 'x', nmae: 'y' } }, 'plan.nmae'],
    [api.CreateAddon, { plan: 'x', attachment: { as: 'y' } }, 'attachment.as'],
    [api.CreatePipelinePromotion, { targets: [{ app: { id: '1' }, stage: 'x' }] }, 'targets.0.stage'],
    [api.CreateAppSetup, { overrides: { envs: {} } }, 'overrides.envs'],
    [
      api.CreateOciImage,
      { digest: 'x', process_types: { web: { command: 'x', displaycmd: 'y' } } },
      'process_types.web.displaycmd',
    ],
  ])('is found: %#', (schema, body, path) => expect(pathOf(schema, body)).toBe(path));

  it.each([
    [api.UpdateConfigVars, { ANYTHING: 'x' }],
    [api.CreateDyno, { command: 'x', env: { ANYTHING: 'y' }, terminal: null }],
    [api.CreateAddon, { plan: 'x', config: { version: 16 }, attachment: null }],
    [api.CreateAddon, { plan: { name: 'x' } }],
    [api.CreateApp, 'text'],
    [api.CreateApp, []],
    [api.CreateApp, undefined],
    [api.CreateApp, { name: { any: 1 } }],
  ])('is none where any name may stand, or where the type is wrong: %#', (schema, body) =>
    expect(pathOf(schema, body)).toBeUndefined(),
  );

  it('is told with what may stand there', () => {
    expect(unknownField(api.UpdateApp as object, { x: 1 })).toEqual({
      path: 'x',
      name: 'x',
      known: ['build_stack', 'maintenance', 'name'],
    });
  });
});

describe('what Heroku’s clients send', () => {
  /** As measured; what is sent beyond the published schema. */
  it.each([
    [
      api.CreateApp,
      { name: 'x', kernel: 'k', locked: true, internal_routing: true, region: 'us', stack: 's' },
    ],
    [api.CreatePipeline, { generation: { name: 'cedar' }, name: 'x', owner: { id: '1', type: 'user' } }],
    [api.BatchUpdateFormation, { updates: [{ quantity: '1', size: 'standard-2x', type: 'worker' }] }],
    [api.BatchUpdateFormation, { updates: [{ docker_image: 'sha256:0', type: 'web' }] }],
    [api.UpdateFormation, { quantity: 1, dyno_size: { name: 'standard-1x' } }],
    [api.CreateLogSession, { source: 'app', dyno: 'web.1', lines: 50, tail: false }],
    [api.ResolveAddon, { addon: 'x', addon_service: 'y', app: null }],
    [
      api.CreateAttachment,
      { addon: { name: 'x' }, app: { name: 'y' }, confirm: 'z', name: 'N', namespace: 'c' },
    ],
    [api.CreateAuthorization, { description: 'x', expires_in: 1, scope: ['global'] }],
    [api.UpdateAuthorization, { client: { id: 'x', secret: 'y' }, description: 'z' }],
    [api.CreateRelease, { description: 'Retry', slug: 'x' }],
    [api.FilterApps, { in: { id: ['x'] } }],
    [api.CreateBuild, { buildpacks: [{ name: 'x', url: 'y' }], source_blob: { checksum: null, url: 'z' } }],
  ])('is taken: %#', (schema, body) => expect(pathOf(schema, body)).toBeUndefined());
});
