import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAppJson } from '../../../buildpacks/app-json.js';

const messageFor = (value: unknown): string => {
  try {
    parseAppJson(typeof value === 'string' ? value : JSON.stringify(value));
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  return 'accepted';
};

describe('app.json', () => {
  test('is read as Heroku and Dokku write it', () => {
    const file = {
      name: 'users',
      env: { A: 'x', B: { description: 'b', required: false }, C: { generator: 'secret' } },
      formation: { web: { quantity: 2, size: 'standard-1x' } },
      addons: ['postgres', { plan: 'redis', as: 'CACHE' }],
      buildpacks: [{ url: 'heroku/nodejs' }],
      healthchecks: { web: [{ type: 'startup', path: '/health', attempts: 5, wait: 1, timeout: 2 }] },
      scripts: { postdeploy: 'npm run seed' },
      cron: [{ command: 'true', schedule: '@daily' }],
    };
    expect(parseAppJson(JSON.stringify(file))).toEqual({ appJson: file, warnings: [] });
  });

  test.each([
    [{ healthchecks: { web: [{ path: 1 }] } }, 'healthchecks/web/0/path: should be a string'],
    [{ healthchecks: { web: {} } }, 'healthchecks/web: should be a list'],
    [{ healthchecks: { 'a b': [] } }, 'healthchecks/a b: is not the name of a process type'],
    [
      { healthchecks: { web: [{ type: 'startups' }] } },
      'healthchecks/web/0/type: should be one of startup, readiness, liveness',
    ],
    [{ formation: { web: { quantity: -1 } } }, 'formation/web/quantity: should be 0 to 1000'],
    [{ formation: { web: { quantity: 1.5 } } }, 'formation/web/quantity: should be a whole number'],
    [{ addons: [{ as: 'X' }] }, 'addons/0/plan: is missing'],
    [{ addons: 'postgres' }, 'addons: should be a list'],
    [{ env: { '1A': 'x' } }, 'env/1A: is not the name of a config var'],
    [{ env: { A: 1 } }, 'env/A: should be an object'],
    [{ env: { A: { generator: 'random' } } }, 'env/A/generator: should be one of secret'],
    [{ cron: [{ command: 'x', schedule: '0 25 * * *' }] }, 'cron/0/schedule: hour: "25" should be 0 to 23'],
    [{ cron: [{ command: ' ', schedule: '@daily' }] }, 'cron/0/command: is empty'],
    [{ cron: [{ command: 'x' }] }, 'cron/0/schedule: is missing'],
    [
      { cron: [{ command: 'x', schedule: '@daily', timezone: 'Europe/Berln' }] },
      'cron/0/timezone: "Europe/Berln" is not the name of a time zone, did you mean Europe/Berlin?',
    ],
    [
      { cron: [{ command: 'x', schedule: '@daily', timezone: '+02:00' }] },
      'cron/0/timezone: "+02:00" is not',
    ],
    [
      { cron: [{ command: 'x', schedule: '@daily', concurrency_policy: 'queue' }] },
      'cron/0/concurrency_policy: should be one of allow, forbid, replace',
    ],
    [
      { cron: [{ command: 'x', schedule: '@daily', time_limit: 90_000 }] },
      'cron/0/time_limit: should be 1 to 86400',
    ],
    [
      {
        cron: [
          { command: 'x', schedule: '@daily' },
          { command: 'x', schedule: '@daily', timezone: 'UTC', maintenance: true },
        ],
      },
      'cron/1: is the same as cron/0',
    ],
    [
      { cron: Array.from({ length: 101 }, (_, at) => ({ command: String(at), schedule: '@daily' })) },
      'cron: should have at most 100 entries',
    ],
    [{ name: 'a\0b' }, 'name: holds a NUL character'],
    [[], 'the whole file: should be an object'],
  ])('%j is refused with the path of what is wrong', (value, message) => {
    expect(messageFor(value)).toContain(`\n  ${message}`);
  });

  test('that is no JSON says so', () => {
    expect(messageFor('{')).toMatch(/^app\.json is not valid JSON/);
    expect(messageFor('['.repeat(100) + ']'.repeat(100))).toContain('should be an object');
  });

  test('warns of unknown fields, with what was probably meant', () => {
    const { appJson, warnings } = parseAppJson(
      '{"formatoin": {}, "healthchecks": {"web": [{"pth": "/"}]}, "zzz": 1}',
    );
    expect(warnings).toEqual([
      'app.json: formatoin: unknown field, did you mean formation?',
      'app.json: healthchecks/web/0/pth: unknown field, did you mean path?',
      'app.json: zzz: unknown field',
    ]);
    expect(appJson).toEqual({ healthchecks: { web: [{}] } });
  });

  test('cannot reach the prototype of anything', () => {
    expect(messageFor('{"env": {"__proto__": "x"}}')).toContain('env/__proto__: is not the name');
    const { appJson } = parseAppJson('{"__proto__": {"name": "x"}, "constructor": 1}');
    expect(appJson.name).toBeUndefined();
    expect(Object.getPrototypeOf(appJson)).toBe(Object.prototype);
  });

  test('is accepted or refused, and never anything else, whatever its JSON', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom('env', 'formation', 'addons', 'healthchecks', 'cron'),
        (value, field) => {
          expect(messageFor({ [field]: value })).toMatch(/^(accepted|app\.json )/);
        },
      ),
    );
  });
});
