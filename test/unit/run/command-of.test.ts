import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { commandOf } from '../../../daemon/run/command-of.js';

const TYPES = { migrate: 'exec sh -c "exit 7" # then no more', web: 'node web.js' };
const ASKS = ' ; echo "\uFFFF heroku-command-exit-status: $?"';

describe('the command of a one-off dyno', () => {
  it("is a process type's where its name was typed, and else what was typed", () => {
    expect(commandOf('web', TYPES)).toBe('node web.js');
    for (const typed of ['webs', 'web --port 1', 'toString', `ls${ASKS}`, 'web;']) {
      expect(commandOf(typed, TYPES)).toBe(typed);
    }
  });

  it('tells the exit code to a client that asks for it, however the process type ends', () => {
    const { stdout } = spawnSync('sh', ['-c', commandOf(`migrate${ASKS}`, TYPES)], { encoding: 'utf8' });
    expect(stdout).toBe('\uFFFF heroku-command-exit-status: 7\n');
  });
});
