import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Attachment, DynoExit } from '../../../daemon/engines/engine.js';
import { bridge } from '../../../daemon/http/attach.js';
import { meet } from '../../../daemon/http/port/rendezvous.js';
import { VirtualClock } from '../../support/virtual-clock.js';

/** A process that goes on for a while when its client has hung up, as `yes` does that knows no SIGHUP. */
function runningProcess() {
  let exit: (exit: DynoExit) => void = () => undefined;
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const attachment: Attachment = {
    stdin,
    stdout,
    stderr,
    exited: new Promise((resolve) => (exit = resolve)),
    resize: () => Promise.resolve(),
    signal: () => Promise.resolve(),
    close: () => [stdin, stdout, stderr].forEach((stream) => stream.destroy()),
  };
  return { attachment, exit: () => exit({ code: 0, outOfMemory: false, at: 0 }) };
}

describe('a client that hangs up in the middle of output', () => {
  const unhandled: unknown[] = [];
  const keep = (reason: unknown): void => void unhandled.push(reason);
  // Node ends a process for one of these, and vitest, which counts them too, is told here instead.
  let others: NodeJS.UnhandledRejectionListener[] = [];
  beforeEach(() => {
    unhandled.length = 0;
    others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', keep);
  });
  afterEach(() => {
    process.removeAllListeners('unhandledRejection');
    for (const other of others) process.on('unhandledRejection', other);
  });

  async function hungUp(join: (client: PassThrough, attachment: Attachment) => Promise<void>) {
    const client = new PassThrough();
    const { attachment, exit } = runningProcess();
    const over = join(client, attachment);
    attachment.stdout.push('y\n');
    await turn();
    client.destroy();
    for (let turns = 0; turns < 5; turns++) await turn();
    exit();
    await over;
    return { attachment };
  }

  it('ends its own process, and not tfkd', async () => {
    const { attachment } = await hungUp((client, process) => bridge(client, Buffer.alloc(0), process));
    expect(attachment.stdout.destroyed).toBe(true);
    expect(unhandled).toEqual([]);
  });

  it("ends its own process, and not tfkd, when it is Heroku's", async () => {
    const clock = new VirtualClock(0);
    const { attachment } = await hungUp((client, process) =>
      meet(client, Buffer.alloc(0), { open: () => Promise.resolve(process), expire: () => undefined }, clock),
    );
    expect(attachment.stdout.destroyed).toBe(true);
    expect(unhandled).toEqual([]);
  });
});
