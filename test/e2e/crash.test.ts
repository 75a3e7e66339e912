import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { brokenCounts, linesOf } from '../support/busy-app.js';
import { onProcess } from '../support/engine-under-test.js';
import { untilSound } from '../support/invariants.js';
import { holdersOf, killHard, processesOf, routerWorkersOf, startTimeOf } from '../support/own-processes.js';
import { describeKills } from './suites/kills.js';

describeKills(onProcess, ({ tfk, instances }) => {
  it('a killed router worker is replaced, and no new request fails', async () => {
    for (const worker of routerWorkersOf(tfk())) {
      killHard(worker);
      for (let request = 0; request < 10; request++) expect((await tfk().get('busy')).status).toBe(200);
      await untilSound(tfk());
    }
  });

  it('a killed router comes back at the same address with the same table', async () => {
    holdersOf(tfk()).forEach(killHard);
    await expect
      .poll(
        () =>
          tfk()
            .get('busy')
            .then(({ status }) => status, String),
        { timeout: 60_000 },
      )
      .toBe(200);
    await untilSound(tfk());
  });

  it('dynos whose shims are killed go on with every line, and are replaced when asked', async () => {
    const before = await instances();
    for (const instance of before) killHard(pidIn(instance, 'shim'));
    const written = linesOf(tfk(), 'worker.1').length;
    await expect
      .poll(() => linesOf(tfk(), 'worker.1').length, { timeout: 60_000 })
      .toBeGreaterThan(written + 400);
    expect((await tfk().get('busy')).status).toBe(200);
    expect(await instances()).toEqual(before);
    await tfk().ok('ps:restart', '-a', 'busy');
    await expect
      .poll(async () => (await instances()).some((one) => before.includes(one)), { timeout: 90_000 })
      .toBe(false);
    await untilSound(tfk());
    expect(brokenCounts(linesOf(tfk(), 'worker.1'))).toEqual([]);
  });

  it('after a start of the machine all comes back, and whoever has an old pid now is left alone', async () => {
    const bystander = spawn('sleep', ['300']);
    try {
      const before = await instances();
      for (let left = processesOf(tfk()); left.length > 0; left = processesOf(tfk())) {
        left.forEach(({ pid }) => killHard(pid));
        await sleep(50);
      }
      before.forEach((instance, index) => takeOver(instance, bystander.pid ?? 0, index % 2 === 0));
      await tfk().ok('ps', '-a', 'busy');
      await untilSound(tfk());
      expect((await tfk().get('busy')).status).toBe(200);
      expect((await instances()).some((one) => before.includes(one))).toBe(false);
      expect(bystander.exitCode ?? bystander.signalCode).toBe(null);
    } finally {
      bystander.kill();
    }
  });

  const runFile = (instance: string, name: string): string =>
    join(tfk().folder, 'system', 'dynos', instance, 'run', name);
  const pidIn = (instance: string, name: string): number =>
    Number(readFileSync(runFile(instance, name), 'utf8').split(' ')[0]);
  /** A stranger has the dyno's pids now: either since another boot and with its very start time, or since a later time. */
  const takeOver = (instance: string, pid: number, otherBoot: boolean): void => {
    const start = otherBoot ? startTimeOf(pid) : '1';
    for (const name of ['pid', 'shim', 'logger']) writeFileSync(runFile(instance, name), `${pid} ${start}\n`);
    const record = JSON.parse(readFileSync(runFile(instance, 'dyno.json'), 'utf8')) as object;
    if (otherBoot)
      writeFileSync(runFile(instance, 'dyno.json'), JSON.stringify({ ...record, bootId: 'before' }));
  };
});
