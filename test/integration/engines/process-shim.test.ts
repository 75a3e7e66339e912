import { execa } from 'execa';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { quote } from '../../../daemon/engines/launch/quote.js';
import { SHIM_SCRIPT } from '../../../daemon/engines/process/shim/script.js';

/** Runs the shim with a logger that comes late, as on a machine with too much to do; resolves when the shim has ended. */
async function runWithLateLogger(command: string): Promise<{ read: (name: string) => Promise<string> }> {
  const run = await mkdtemp(join(tmpdir(), 'tfk-shim-'));
  onTestFinished(() => rm(run, { recursive: true, force: true }));
  const late = SHIM_SCRIPT.replace('take_output() {\n', 'take_output() {\n  sleep 0.5\n');
  expect(late).not.toBe(SHIM_SCRIPT);
  // As the launcher does: who it is, then the command.
  const launcher = `echo "$$ 0" >&4; ${command}`;
  const settings = { app: run, marker: '', mode: 'logged', cgroups: '', enter: '', launcher };
  const log = { segment: '65536', segments: '4', block: '16384', blocks: '4' };
  const lines = Object.entries({ ...settings, ...log }).map(([name, value]) => `${name}=${quote(value)}\n`);
  await writeFile(join(run, 'settings'), lines.join(''));
  await writeFile(join(run, 'shim.sh'), late);
  await execa('/bin/sh', [join(run, 'shim.sh'), run], { timeout: 20_000, stdio: 'ignore' });
  return { read: (name) => readFile(join(run, name), 'utf8') };
}

test('a dyno that has ended before its logger began loses no line, and its log has an end', async () => {
  const { read } = await runWithLateLogger('echo one; echo two >&2; exit 3');
  expect(await read('log.00000000')).toBe('one\ntwo\n');
  expect(await read('exit')).toBe('3\n');
  expect(await read('drained')).toBe('');
});
