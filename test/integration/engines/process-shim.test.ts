import { execa } from 'execa';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { quote } from '../../../daemon/engines/launch/quote.js';
import { launcherScript, launchPayload } from '../../../daemon/engines/process/shim/launcher.js';
import { SHIM_SCRIPT } from '../../../daemon/engines/process/shim/script.js';

/** A run folder with a shim in it; `start` hands it the payload, and resolves when it has ended. */
async function aShim(launcher: string, script = SHIM_SCRIPT) {
  const run = await mkdtemp(join(tmpdir(), 'tfk-shim-'));
  onTestFinished(() => rm(run, { recursive: true, force: true }));
  const settings = { app: run, marker: '', mode: 'logged', cgroups: '', enter: '', launcher };
  const log = { segment: '65536', segments: '4', block: '16384', blocks: '4' };
  const lines = Object.entries({ ...settings, ...log }).map(([name, value]) => `${name}=${quote(value)}\n`);
  await writeFile(join(run, 'settings'), lines.join(''));
  await writeFile(join(run, 'shim.sh'), script);
  await writeFile(join(run, 'payload'), '');
  const start = async (payload: string): Promise<void> => {
    await writeFile(join(run, 'payload'), payload);
    const shim = ['sh', '-c', 'exec sh "$1/shim.sh" "$1" 3<"$1/payload"', 'sh', run];
    await execa('/usr/bin/env', shim, { timeout: 20_000, stdio: 'ignore' });
  };
  return { run, start };
}

test('a dyno that has ended before its logger began loses no line, and its log has an end', async () => {
  const late = SHIM_SCRIPT.replace('take_output() {\n', 'take_output() {\n  sleep 0.5\n');
  expect(late).not.toBe(SHIM_SCRIPT);
  const { run, start } = await aShim(launcherScript(null), late);
  await start(launchPayload({}, 'echo one; echo two >&2; exit 3'));
  const read = (name: string) => readFile(join(run, name), 'utf8');
  expect(await read('log.00000000')).toBe('one\ntwo\n');
  expect(await read('exit')).toBe('3\n');
  expect(await read('drained')).toBe('');
});

test('a dyno that cannot say who it is, on a full disk, does not run', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tfk-shim-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const payload = join(folder, 'payload');
  const launch = async (identity: string) => {
    const script = `exec 3<${quote(payload)} 4>${identity}\n${launcherScript(null)}`;
    return (await execa('/bin/sh', ['-c', script], { reject: false, timeout: 10_000 })).exitCode;
  };
  await writeFile(payload, launchPayload({}, `touch ${join(folder, 'ran')}`));
  expect(await launch('/dev/full')).toBe(98);
  await expect(readFile(join(folder, 'ran'))).rejects.toThrow('ENOENT');
  expect(await launch('/dev/null')).toBe(0);
  expect(await readFile(join(folder, 'ran'), 'utf8')).toBe('');
});
