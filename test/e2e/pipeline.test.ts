import { expect, it } from 'vitest';
import { onProcess } from '../support/engine-under-test.js';
import { aSmallApp, Installation } from '../support/installation.js';
import { describeFailures } from './suites/failures.js';
import { describeSmallApp } from './suites/pipeline.js';

describeSmallApp(onProcess);
describeFailures(onProcess, ({ tfk, refuses }) => {
  it('an empty folder', () => refuses({}, /empty|nothing/i));
  it('nothing that is detected', () =>
    refuses({ 'README.txt': 'hello' }, /package\.json/, /Procfile/, /README\.txt/));
  it('only a Dockerfile', () => refuses({ Dockerfile: 'FROM scratch' }, /Docker engine/));
  it('a broken Procfile line', () => refuses({ Procfile: 'web: node x\nbroken line\n' }, /line 2/));
  it('a Node that is not there', () =>
    refuses(
      {
        ...aSmallApp('x'),
        'package.json': JSON.stringify({ name: 'small', version: '1.0.0', engines: { node: '>=99' } }),
      },
      />=99/,
      /v?20|v?2\d/,
    ));

  it.each([
    [['ps', '-a', 'hafl'], /half/],
    [['scale', 'web=-1', '-a', 'half'], /web=-1|quantity|amount/i],
    [['scale', 'web=abc', '-a', 'half'], /web=abc/],
    [['scale', 'nosuch=1', '-a', 'half'], /nosuch/],
    [['config:set', '1A=x', '-a', 'half'], /1A/],
    [['config:set', 'A B=x', '-a', 'half'], /A B/],
    [['rollback', 'v99', '-a', 'half'], /v99/],
    [['rollback', 'v3', '-a', 'half'], /current/],
    [['ps:restart', 'web.9', '-a', 'half'], /web\.9/],
    [['puhs'], /push/],
    [['push', '--nosuch'], /nosuch/],
  ] as const)('tfk %j', async (args, said) => {
    const ran = await tfk().tfk(...args);
    expect(ran.code).not.toBe(0);
    expect(ran.stderr).toMatch(said);
  });

  it('a second daemon on taken ports, which says so and which to change', async () => {
    const other = new Installation();
    const ran = await other.tfkWith({ env: { TFK_ROUTER_PORT: String(tfk().running.routerPort) } }, 'apps');
    expect(ran.code).not.toBe(0);
    expect(ran.stderr).toMatch(/TFK_ROUTER_PORT/);
    await other.remove();
  });
});
