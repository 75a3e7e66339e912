import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answers, startDaemon } from '../../../cli/client/daemon.js';

let home = '';
const started: number[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tfk-start-'));
});
afterEach(() => {
  for (const pid of started.splice(0)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
  rmSync(home, { recursive: true, force: true });
});

/** Stands for tfkd: holds the home alone, says its pid, listens; removes a stale socket as tfkd does. */
const STANDIN = `
import { createServer } from 'node:http';
import { openSync, rmSync, writeFileSync } from 'node:fs';
const home = process.env.TFK_HOME;
try { openSync(home + '/lock', 'wx'); } catch {
  console.error('tfkd: Another tfkd runs with this home already.');
  process.exit(1);
}
writeFileSync(home + '/run/tfkd.pid', String(process.pid));
rmSync(home + '/tfkd.sock', { force: true });
await new Promise((done) => setTimeout(done, 300));
createServer((request, reply) => reply.end('{}')).listen(home + '/tfkd.sock');
`;

function program(text: string): string {
  const file = join(home, 'standin.mjs');
  writeFileSync(file, text);
  return file;
}

async function start(text: string, patience = 30_000): Promise<void> {
  await startDaemon({ home, program: program(text), env: process.env, patience });
  started.push(Number(readFileSync(join(home, 'run', 'tfkd.pid'), 'utf8')));
}

describe('starting tfkd', () => {
  it('resolves when it answers, and leaves it running on its own', async () => {
    await start(STANDIN);
    expect(await answers(join(home, 'tfkd.sock'))).toBe(true);
  });

  it('twice at once ends with one, used by both', async () => {
    await Promise.all([start(STANDIN), start(STANDIN)]);
    expect(new Set(started).size).toBe(1);
  });

  it('replaces a socket that a killed one has left', async () => {
    await start(STANDIN);
    process.kill(started[0] ?? 0, 'SIGKILL');
    while (await answers(join(home, 'tfkd.sock'))) await new Promise((done) => setTimeout(done, 20));
    expect(existsSync(join(home, 'tfkd.sock'))).toBe(true);
    rmSync(join(home, 'lock'));
    await start(STANDIN);
    expect(await answers(join(home, 'tfkd.sock'))).toBe(true);
  });

  it("that ends instead fails with tfkd's last words, not with those of an earlier try", async () => {
    await expect(start("console.error('tfkd: The first reason.'); process.exit(1)")).rejects.toThrow(
      'The first reason.',
    );
    await expect(
      start("console.error('noise\\ntfkd: Port 8080 is taken.'); process.exit(1)"),
    ).rejects.toThrow('tfkd does not start: Port 8080 is taken.');
    await expect(start('process.exit(3)')).rejects.toThrow('tfkd does not start: it ended with code 3');
  });

  it('that takes too long says that it goes on', async () => {
    const slow =
      "import { writeFileSync } from 'node:fs'; writeFileSync(process.env.TFK_HOME + '/run/tfkd.pid', String(process.pid)); setTimeout(() => {}, 60000);";
    await expect(start(slow, 1500)).rejects.toThrow('tfkd was started, but does not answer yet.');
    started.push(Number(readFileSync(join(home, 'run', 'tfkd.pid'), 'utf8')));
  });
});
