import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { builtProgram } from '../../support/built.js';
import { FakeTfkd } from './fake-tfkd.js';
import { runCli } from './run-cli.js';

const FULL = '/dev/full';

it.skipIf(!existsSync(FULL)).each(['apps --json', 'help'])(
  'a full disk under what tfk %s prints is said, and is no success',
  async (words) => {
    const tfkd = await new FakeTfkd().start();
    onTestFinished(() => tfkd.stop());
    tfkd.on('GET /apps', { json: [] });
    tfkd.on('GET /account', { json: { email: 'me@example.com' } });
    const full = openSync(FULL, 'w');
    onTestFinished(() => closeSync(full));
    const program = builtProgram('cli/main.js');
    const tfk = spawn(process.execPath, [program, ...words.split(' ')], {
      cwd: tfkd.home,
      env: { PATH: process.env['PATH'], TFK_HOME: tfkd.home },
      stdio: ['ignore', full, 'pipe'],
    });
    const said = tfk.stderr ? text(tfk.stderr) : '';
    const [code] = (await once(tfk, 'close')) as [number];
    expect(await said).toBe(
      ' !    What tfk had to say could not be written: ENOSPC: no space left on device, write.\n' +
        ' !    Make room where it is written to.\n',
    );
    expect(code).toBe(1);
  },
);

it('a home that cannot be made is said to be so, with the way out', async () => {
  const tfkd = await new FakeTfkd().start();
  onTestFinished(() => tfkd.stop());
  const file = join(tfkd.home, 'file');
  writeFileSync(file, '');
  const { code, stderr } = await runCli(['apps'], { home: join(file, 'home'), cwd: tfkd.home });
  expect(stderr).toContain("tfk's home cannot be made: ENOTDIR: not a directory");
  expect(stderr).toContain('Set TFK_HOME to a folder that this user may make.');
  expect(stderr).not.toContain('bug in tfk');
  expect(code).toBe(1);
});
