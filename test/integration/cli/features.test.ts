import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeTfkd } from './fake-tfkd.js';
import { runCli } from './run-cli.js';

const preboot = {
  id: '01234567-89ab-cdef-0123-456789abcdef',
  name: 'preboot',
  display_name: 'Preboot',
  description: 'start new web dynos first',
  doc_url: 'https://example.com/preboot',
  enabled: true,
  feedback_email: 'a@b.c',
  state: 'general',
  created_at: '2026-01-02T03:04:05Z',
  updated_at: '2026-01-02T03:04:05Z',
};
const exec = { ...preboot, name: 'runtime-heroku-exec', description: 'SSH', enabled: false };

let tfkd: FakeTfkd;
beforeEach(async () => {
  tfkd = await new FakeTfkd().start();
});
afterEach(() => tfkd.stop());
const tfk = (words: string) => runCli(words.split(' '), { home: tfkd.home });

describe('features', () => {
  it('are listed, those that are on with a plus', async () => {
    tfkd.on('GET /apps/x/features', { json: [preboot, exec] });
    expect((await tfk('features -a x')).stdout).toBe(
      [
        '=== App Features ⬢ x\n',
        '[+] preboot              start new web dynos first',
        '[ ] runtime-heroku-exec  SSH\n',
      ].join('\n'),
    );
    expect(JSON.parse((await tfk('labs -a x --json')).stdout)).toEqual([preboot, exec]);
  });

  it('are shown one by one', async () => {
    tfkd.on('GET /apps/x/features/preboot', { json: preboot });
    const shown = (await tfk('features:info preboot -a x')).stdout;
    expect(shown).toMatch(/^=== preboot\n\nDescription: start new web dynos first\n/);
    expect(shown).toMatch(/^Enabled: +true$/m);
    expect(JSON.parse((await tfk('features:info preboot -a x --json')).stdout)).toEqual(preboot);
  });

  it.each([
    ['features:enable', 'Enabling', true],
    ['features:disable', 'Disabling', false],
    ['labs:disable', 'Disabling', false],
  ] as const)('are changed by %s', async (command, word, enabled) => {
    tfkd.on('PATCH /apps/x/features/preboot', { json: { ...preboot, enabled } });
    const ended = await tfk(`${command} preboot -a x`);
    expect(ended).toEqual({ code: 0, stdout: '', stderr: `${word} preboot for ⬢ x... done\n` });
    expect(tfkd.sent('PATCH /apps/x/features/preboot')).toEqual({ enabled });
  });

  it('that cannot be changed say why, and what to type', async () => {
    const hint = 'Type: tfk ps:exec';
    tfkd.on('PATCH /apps/x/features/preboot', {
      status: 422,
      json: { id: 'invalid_params', message: 'It is off.', hint },
    });
    const ended = await tfk('features:enable preboot -a x');
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/failed\n[^]*It is off\.[^]*Type: tfk ps:exec/);
  });

  it('tell in their help what preboot does', async () => {
    for (const command of ['features', 'features:enable', 'features:disable'])
      expect((await tfk(`help ${command}`)).stdout).toMatch(/start and get ready before the old ones stop/);
  });
});
