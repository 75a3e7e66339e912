import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { afterAll, expect, test } from 'vitest';
import type { Attachment } from '../../../daemon/engines/engine.js';
import { describeDocker, freshNames, leftoversOf, removeAllOf } from '../../support/docker.js';
import { attacherOf, blocks, Dynos, eventually, screenOf, TERMINAL } from './support.js';

const MIB = 1024 * 1024;

await describeDocker("An attached dyno's stdio on Docker", (found) => {
  const names = freshNames();
  const attacher = attacherOf(found);
  const dynos = new Dynos(found.docker, names, attacher);

  afterAll(async () => {
    await removeAllOf(found.docker, names);
    expect(await leftoversOf(found.docker, names)).toEqual([]);
  });

  test('is piped: stdin to its end, stdout and stderr apart, the exit code', async () => {
    const attachment = await dynos.attached('cat; echo oops >&2; exit 9');
    const before = Date.now() - 5_000;
    const answers = Promise.all([text(attachment.stdout), text(orNothing(attachment))]);
    attachment.stdin.end('one\ntwo\n');
    expect(await answers).toEqual(['one\ntwo\n', 'oops\n']);
    const exit = await attachment.exited;
    expect(exit).toMatchObject({ code: 9, outOfMemory: false });
    expect(exit.at).toBeGreaterThan(before);
    expect(exit.at).toBeLessThan(Date.now() + 5_000);
  });

  test('keeps what was written before anyone attached, also by a dyno that has ended', async () => {
    const { instance, container } = await dynos.started('echo early; exit 4');
    await container.wait();
    const attachment = await attacher.attach(instance, container.id);
    expect(await text(attachment.stdout)).toBe('early\n');
    expect((await attachment.exited).code).toBe(4);
  });

  test('holds up a dyno that writes more than anyone takes, and loses nothing of it', async () => {
    const { instance, container } = await dynos.started('seq 1 2000000; echo done >&2');
    const before = process.memoryUsage().rss;
    expect(await Promise.race([container.wait().then(() => 'ended'), pause(3_000)])).toBeUndefined();
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * MIB);
    const attachment = await attacher.attach(instance, container.id);
    const [lines] = await Promise.all([text(attachment.stdout), text(orNothing(attachment))]);
    expect(lines).toBe(Array.from({ length: 2_000_000 }, (_, index) => `${index + 1}\n`).join(''));
    expect((await attachment.exited).code).toBe(0);
  });

  test('loses nothing of the last output of a dyno whose reader stands still for long', async () => {
    const sizes = [1.26, 1.28, 1.3, 1.32, 1.34, 1.36, 1.4].map((mebi) => Math.round(mebi * MIB));
    const received = sizes.map(async (size) => {
      const attachment = await dynos.attached(`head -c ${size} /dev/zero`);
      const first = await firstChunkOf(attachment);
      await pause(5_000);
      const rest = await buffer(attachment.stdout);
      expect((await attachment.exited).code).toBe(0);
      return first.length + rest.length;
    });
    expect(await Promise.all(received)).toEqual(sizes);
  });

  test('carries bytes of all kinds unchanged both ways', async () => {
    const attachment = await dynos.attached('cat');
    const sent = randomBytes(3 * MIB);
    const received = buffer(attachment.stdout);
    attachment.stdin.end(sent);
    expect(
      createHash('sha256')
        .update(await received)
        .digest('hex'),
    ).toBe(createHash('sha256').update(sent).digest('hex'));
    expect((await attachment.exited).code).toBe(0);
  });

  test('carries 50 MB through stdin and stdout unchanged, and 200 MiB of stdin soon', async () => {
    const echoing = await dynos.attached('cat');
    const [wanted, seen] = [createHash('sha256'), createHash('sha256')];
    for (const block of blocks(50 * MIB)) wanted.update(block);
    const sent = pipeline(Readable.from(blocks(50 * MIB)), echoing.stdin);
    for await (const chunk of echoing.stdout as AsyncIterable<Buffer>) seen.update(chunk);
    await sent;
    expect(seen.digest('hex')).toBe(wanted.digest('hex'));
    const counting = await dynos.attached('wc -c');
    const began = Date.now();
    await pipeline(Readable.from(blocks(200 * MIB)), counting.stdin);
    expect((await text(counting.stdout)).trim()).toBe(String(200 * MIB));
    expect(Date.now() - began).toBeLessThan(30_000);
  });

  test('keeps a writer waiting while the dyno does not read', async () => {
    const attachment = await dynos.attached('sleep 300');
    let taken = 0;
    const source = Readable.from(blocks(64 * MIB));
    source.on('data', (block: Buffer) => {
      taken += block.length;
      if (!attachment.stdin.write(block)) {
        source.pause();
        attachment.stdin.once('drain', () => source.resume());
      }
    });
    await pause(1_500);
    expect(taken).toBeLessThan(16 * MIB);
    attachment.close();
    expect((await attachment.exited).code).toBe(129);
  });

  test('takes what is written to a dyno that reads no more, or that has ended', async () => {
    const attachment = await dynos.attached('exec <&-; sleep 0.2; exit 5');
    attachment.stdin.write(Buffer.alloc(MIB));
    attachment.stdout.resume();
    expect((await attachment.exited).code).toBe(5);
    attachment.stdin.write('too late');
    attachment.stdin.end();
  });

  test('tells the end and its code though nobody reads, when nothing was written', async () => {
    const attachment = await dynos.attached('sleep 0.3; exit 12');
    expect((await attachment.exited).code).toBe(12);
  });

  test('tells the exit only when all output was delivered', async () => {
    const attachment = await dynos.attached('echo unread; exit 3');
    expect(await Promise.race([attachment.exited, pause(3_000)])).toBeUndefined();
    expect(await text(attachment.stdout)).toBe('unread\n');
    expect((await attachment.exited).code).toBe(3);
  });

  test('tells the codes of signals, and a command that is not there', async () => {
    for (const [command, code] of [
      ['kill -KILL $$', 137],
      ['kill -TERM $$', 143],
      ['exec no-such-command', 127],
      ['exec /etc/passwd', 126],
    ] as const) {
      const attachment = await dynos.attached(command);
      attachment.stderr?.resume();
      expect((await attachment.exited).code).toBe(code);
    }
  });

  test('signals the whole group, with a terminal and without', async () => {
    const command = `trap 'wait; exit 21' USR1; sh -c 'trap "echo child; exit" USR1; echo ready; while :; do sleep 0.05; done' & wait`;
    for (const terminal of [TERMINAL, null]) {
      const attachment = await dynos.attached(command, terminal);
      const screen = screenOf(attachment);
      attachment.stderr?.resume();
      await screen.until('ready');
      await attachment.signal('SIGUSR1');
      await screen.until('child');
      expect((await attachment.exited).code).toBe(21);
      await attachment.signal('SIGTERM');
      await attachment.resize({ columns: 10, rows: 10 });
    }
  });

  test('hangs up when its client has gone, and kills what takes no notice', async () => {
    const [polite, stubborn, flooding] = [
      await dynos.attached('sleep 300'),
      await dynos.attached(`trap '' HUP; echo ready; while :; do sleep 1; done`),
      await dynos.attached('yes', TERMINAL),
    ];
    await screenOf(stubborn).until('ready');
    polite.close();
    polite.close();
    stubborn.close();
    flooding.close();
    expect((await polite.exited).code).toBe(129);
    expect((await flooding.exited).code).toBe(129);
    const began = Date.now();
    expect((await stubborn.exited).code).toBe(137);
    expect(Date.now() - began).toBeGreaterThan(5_000);
  });

  test('gives a terminal of the asked size from the start, changes it, and tells the program', async () => {
    const attachment = await dynos.attached(
      `stty size; trap 'stty size; exit 8' WINCH; echo ready; while :; do sleep 0.05; done`,
      TERMINAL,
    );
    expect(attachment.stderr).toBeNull();
    const screen = screenOf(attachment);
    await screen.until('ready');
    expect(screen.shown()).toContain('23 91\r\n');
    await attachment.resize({ columns: 120, rows: 40 });
    await screen.until('40 120');
    expect((await attachment.exited).code).toBe(8);
  });

  test('ends input at ^D, interrupts at ^C, and passes on the keys that Docker would take', async () => {
    const reading = await dynos.attached('echo ready; cat; exit 3', TERMINAL);
    await screenOf(reading).until('ready');
    reading.stdin.write('\x04');
    expect((await reading.exited).code).toBe(3);
    const waiting = await dynos.attached('echo ready; exec sleep 60', TERMINAL);
    await screenOf(waiting).until('ready');
    waiting.stdin.write('\x03');
    expect((await waiting.exited).code).toBe(130);
    const raw = await dynos.attached('stty raw -echo; echo ready; head -c 2 | od -An -tx1', TERMINAL);
    const screen = screenOf(raw);
    await screen.until('ready');
    for (const key of ['\x10', '\x11']) {
      raw.stdin.write(key);
      await pause(50);
    }
    await screen.until('10 11');
    expect((await raw.exited).code).toBe(0);
  });

  test('is attached to once, also by two at a time', async () => {
    const { instance, container } = await dynos.started('sleep 300');
    const attempts = await Promise.allSettled([1, 2].map(() => attacher.attach(instance, container.id)));
    expect(attempts.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(attacher.attach(instance, container.id)).rejects.toMatchObject({
      id: 'conflict',
      message: 'run.1234 is attached to already.',
    });
    for (const attempt of attempts) if (attempt.status === 'fulfilled') attempt.value.close();
  });

  test('says why there is nothing to attach to: an earlier tfkd had it, or it is logged', async () => {
    const attached = await dynos.started('sleep 300');
    const anotherTfkd = attacherOf(found);
    await expect(anotherTfkd.attach(attached.instance, attached.container.id)).rejects.toMatchObject({
      id: 'conflict',
      message: expect.stringContaining('lost when tfkd was restarted') as string,
    });
    const logged = await dynos.logged();
    await expect(attacher.attach(logged.instance, logged.container.id)).rejects.toMatchObject({
      id: 'conflict',
      message: 'run.1234 writes to the log.',
    });
  });

  test('lets go of a dyno that is forgotten before anyone attached, and of one that never started', async () => {
    const flooding = await dynos.started('yes | head -c 20000000; exit 6');
    attacher.forget(flooding.instance);
    expect(((await flooding.container.wait()) as { StatusCode: number }).StatusCode).toBe(6);
    await expect(attacher.attach(flooding.instance, flooding.container.id)).rejects.toMatchObject({
      id: 'conflict',
    });
    const unstarted = await dynos.prepared('true');
    attacher.forget(unstarted.instance);
    await unstarted.container.remove();
    attacher.forget('never seen');
  });

  test('tells the end of a dyno that is removed under its client', async () => {
    const { instance, container } = await dynos.started('sleep 300');
    const attachment = await attacher.attach(instance, container.id);
    await container.remove({ force: true });
    attacher.forget(instance);
    expect((await attachment.exited).code).toBe(137);
  });

  test('calls only the death by the memory limit out of memory', async () => {
    const hog = 'tail /dev/zero';
    const { instance, container } = await dynos.limited(hog, 32 * MIB);
    const attachment = await attacher.attach(instance, container.id);
    attachment.stderr?.resume();
    expect(await attachment.exited).toMatchObject({ code: 137, outOfMemory: true });
    const lucky = await dynos.limited(`${hog}; exit 0`, 32 * MIB);
    const survivor = await attacher.attach(lucky.instance, lucky.container.id);
    survivor.stderr?.resume();
    expect(await survivor.exited).toMatchObject({ code: 0, outOfMemory: false });
    await eventually(() => expect(survivor.stdout.readableEnded).toBe(true));
  });
});

const orNothing = ({ stderr }: Attachment): Readable => stderr ?? Readable.from([]);
/** Reads one chunk, and then no more. */
const firstChunkOf = ({ stdout }: Attachment): Promise<Buffer> =>
  new Promise((resolve) => {
    stdout.once('data', (chunk: Buffer) => {
      stdout.pause();
      resolve(chunk);
    });
  });
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
