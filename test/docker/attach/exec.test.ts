import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Attachment, TerminalSize } from '../../../daemon/engines/engine.js';
import type { TfkError } from '../../../daemon/shared/errors.js';
import { describeDocker, freshNames, leftoversOf, removeAllOf } from '../../support/docker.js';
import { attacherOf, Dynos, eventually, screenOf, TERMINAL, type Dyno } from './support.js';

await describeDocker('A further process in a dyno on Docker', (found) => {
  const names = freshNames();
  const attacher = attacherOf(found);
  const dynos = new Dynos(found.docker, names, attacher);
  let dyno: Dyno;

  const exec = (command: string, terminal: TerminalSize | null = null, env = {}): Promise<Attachment> =>
    attacher.exec(dyno.container.id, { command, env, terminal });
  /** What runs in the dyno, as Docker sees it. */
  const running = async (): Promise<string> =>
    JSON.stringify(
      ((await dyno.container.top({ ps_args: '-eo pid,args' })) as { Processes: string[][] }).Processes,
    );

  beforeAll(async () => {
    dyno = await dynos.logged('sleep 300', { WorkingDir: '/usr/share' });
  });
  afterAll(async () => {
    await removeAllOf(found.docker, names);
    expect(await leftoversOf(found.docker, names)).toEqual([]);
  });

  test("has the dyno's folder, user and environment with its own over it, and an exit code", async () => {
    const attachment = await exec(
      'pwd; id -u; echo "$COLOUR $TASTE"; env | grep TINI; cat; echo oops >&2; exit 11',
      null,
      {
        COLOUR: 'green',
        TASTE: "sw'eet\n$HOME",
      },
    );
    attachment.stdin.end('and input');
    const [out, error] = await Promise.all([
      text(attachment.stdout),
      text(attachment.stderr ?? Readable.from([])),
    ]);
    expect(out).toBe("/usr/share\n1000\ngreen sw'eet\n$HOME\nand input");
    expect(error).toBe('oops\n');
    expect(await attachment.exited).toMatchObject({ code: 11, outOfMemory: false });
    expect((await dyno.container.inspect()).State.Running).toBe(true);
  });

  test('tells the codes of commands that are not there, and of signals, as the shell does', async () => {
    for (const [command, code] of [
      ['no-such-command', 127],
      ['/etc/passwd', 126],
      ['kill -KILL $$', 137],
      ['true', 0],
      ['', 0],
    ] as const) {
      const attachment = await exec(command);
      attachment.stderr?.resume();
      expect((await attachment.exited).code).toBe(code);
    }
  });

  test('takes the place of its shell when it is a plain command', async () => {
    const attachment = await exec('sleep 77');
    await eventually(async () => expect(await running()).toContain('"sleep 77"'));
    expect(await running()).not.toContain('sh -c sleep 77');
    await attachment.signal('SIGTERM');
    expect((await attachment.exited).code).toBe(143);
  });

  test('carries bytes of all kinds unchanged both ways, many at once', async () => {
    const digests = [1, 2, 3, 4].map(async () => {
      const attachment = await exec('cat');
      const sent = randomBytes(5 * 1024 * 1024);
      const received = buffer(attachment.stdout);
      attachment.stdin.end(sent);
      expect(digest(await received)).toBe(digest(sent));
      return (await attachment.exited).code;
    });
    expect(await Promise.all(digests)).toEqual([0, 0, 0, 0]);
  });

  test('has a terminal of the asked size from the first byte on, and is told of another', async () => {
    const attachment = await exec(
      `stty size; trap 'stty size; exit 8' WINCH; echo ready; while :; do sleep 0.05; done`,
      TERMINAL,
    );
    expect(attachment.stderr).toBeNull();
    const screen = screenOf(attachment);
    await screen.until('ready');
    expect(screen.shown()).toBe('23 91\r\nready\r\n');
    await attachment.resize({ columns: 77, rows: 11 });
    await screen.until('11 77');
    expect((await attachment.exited).code).toBe(8);
    await attachment.resize(TERMINAL);
    await attachment.signal('SIGTERM');
  });

  test('ends input at ^D and interrupts at ^C', async () => {
    const reading = await exec('echo ready; cat; exit 3', TERMINAL);
    await screenOf(reading).until('ready');
    reading.stdin.write('\x04');
    expect((await reading.exited).code).toBe(3);
    const waiting = await exec('echo ready; exec sleep 60', TERMINAL);
    await screenOf(waiting).until('ready');
    waiting.stdin.write('\x03');
    expect((await waiting.exited).code).toBe(130);
  });

  test('is signalled with its whole group, and nothing else in the dyno', async () => {
    const command = `trap 'wait; exit 21' USR1; sh -c 'trap "echo child; exit" USR1; echo ready; while :; do sleep 0.05; done' & wait`;
    for (const terminal of [TERMINAL, null]) {
      const [attachment, other] = await Promise.all([exec(command, terminal), exec('sleep 60')]);
      attachment.stderr?.resume();
      const screen = screenOf(attachment);
      await screen.until('ready');
      await attachment.signal('SIGUSR1');
      await screen.until('child');
      expect((await attachment.exited).code).toBe(21);
      await other.signal('SIGINT');
      expect((await other.exited).code).toBe(130);
    }
    expect((await dyno.container.inspect()).State.Running).toBe(true);
  });

  test('is hung up on when its client has gone; what takes no notice is killed, the dyno is not', async () => {
    const polite = await exec('sleep 61', TERMINAL);
    const stubborn = await exec(`trap '' HUP; (exec sleep 62) & echo ready; while :; do sleep 0.2; done`);
    const orphan = await exec(`(trap '' HUP; exec sleep 63) & echo ready; sleep 64`, TERMINAL);
    await Promise.all([screenOf(stubborn).until('ready'), screenOf(orphan).until('ready')]);
    for (const attachment of [polite, stubborn, orphan]) attachment.close();
    expect((await polite.exited).code).toBe(129);
    expect((await orphan.exited).code).toBe(129);
    expect(await running()).toContain('sleep 63');
    expect((await stubborn.exited).code).toBe(137);
    await eventually(async () => expect(await running()).not.toMatch(/sleep 6[1-4]/));
    expect(await running()).toContain('sleep 300');
  });

  test('ends for its client when it ends, though it has left a child behind that holds its output', async () => {
    const attachment = await exec('sleep 65 & echo bye; exit 7');
    expect(await text(attachment.stdout)).toBe('bye\n');
    expect((await attachment.exited).code).toBe(7);
    expect(await running()).toContain('sleep 65');
  });

  test('waits for a slow reader without filling memory, and loses nothing', async () => {
    const attachment = await exec('seq 1 2000000');
    const before = process.memoryUsage().rss;
    await pause(3_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
    const lines = (await text(attachment.stdout)).trimEnd().split('\n');
    expect(lines.length).toBe(2_000_000);
    expect(lines.at(-1)).toBe('2000000');
    const last = await exec('head -c 1363149 /dev/zero');
    await pause(5_000);
    expect((await buffer(last.stdout)).length).toBe(1_363_149);
  });

  test('ends with its dyno, and is refused in one that has ended or is gone', async () => {
    const brief = await dynos.logged('sleep 300');
    const request = { command: 'sleep 60', env: {}, terminal: null };
    const attachment = await attacher.exec(brief.container.id, request);
    attachment.stdout.resume();
    await brief.container.kill();
    expect([137, null]).toContain((await attachment.exited).code);
    const refused = { id: 'conflict', message: 'run.1234 does not run.' };
    await expect(attacher.exec(brief.container.id, request)).rejects.toMatchObject(refused);
    await brief.container.remove();
    await expect(attacher.exec(brief.container.id, request)).rejects.toMatchObject({ id: 'conflict' });
  });

  test('says what Docker says when it cannot be started, and which variable cannot be given', async () => {
    const shellless = await dynos.logged('', {
      Image: 'node:20-slim',
      Cmd: ['node', '-e', 'setInterval(() => {}, 1000)'],
      HostConfig: { Init: true, NetworkMode: 'none', Tmpfs: { '/usr/bin': '' } },
    });
    const refused = attacher.exec(shellless.container.id, { command: 'true', env: {}, terminal: null });
    const { id, message } = await refused.then(
      () => ({ id: 'none', message: 'it was started' }),
      (thrown: unknown) => thrown as TfkError,
    );
    expect(message).toMatch(/could not be started: .*\/bin\/sh/);
    expect(id).toBe('unavailable');
    const error: unknown = await exec('true', null, { SECRET: 'x'.repeat(200_000) }).catch(
      (thrown: unknown) => thrown,
    );
    expect(String(error)).toContain('SECRET');
    expect(String(error)).not.toContain('xxx');
  });
});

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
