import { expect, test } from 'vitest';
import { stopEverything, type StopParts } from '../../../daemon/main/stop-everything.js';

/** What a stop asks of the parts, with no dyno running. `free`: how freeing what has exited goes. */
function partsOf(free: StopParts['free']): { parts: StopParts; asked: string[] } {
  const asked: string[] = [];
  const note = (what: string) => async (): Promise<void> => void asked.push(what);
  const parts = {
    store: { dynos: { all: () => [], update: () => undefined } },
    engine: { survey: async () => ({ dynos: [], unreachable: new Map() }) },
    clock: {
      now: () => 0,
      // Time flies, but not before everything that can be done has been done.
      sleep: (_ms: number, signal?: AbortSignal) =>
        new Promise<void>((resolve) => setTimeout(resolve, signal ? 20 : 0)),
    },
    router: { shutdown: note('router') },
    addons: { stopServers: note('add-ons') },
    quiesce: note('work'),
    free,
  };
  return { parts: parts as unknown as StopParts, asked };
}

async function told(steps: AsyncGenerator<string>): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of steps) lines.push(line);
  return lines;
}

test('a stop ends, add-ons too, where last lines can never be stored, and says what is left', async () => {
  const { parts, asked } = partsOf(() => new Promise(() => undefined));
  const lines = await told(stopEverything(parts));
  expect(lines).toContain("Some dynos' last lines could not be stored within 30 s: the next start reads on");
  expect(asked).toEqual(['work', 'router', 'add-ons']);
});

test('a stop says nothing of last lines that are stored', async () => {
  const { parts } = partsOf(async () => undefined);
  expect(await told(stopEverything(parts))).toEqual([
    'Finishing what tfkd is doing',
    'Stopping the router',
    'Stopping add-ons',
  ]);
});
