import type { Addons } from '../addons/addons.js';
import type { DynoHandle, ObservedDyno } from '../engines/engine.js';
import type { DynoHost } from '../engines/engines.js';
import type { RouterControl } from '../router/control/client.js';
import type { Clock } from '../shared/clock.js';
import { messageOf } from '../shared/errors.js';
import type { Store } from '../store/store.js';

export interface StopParts {
  readonly store: Store;
  readonly engine: DynoHost;
  readonly clock: Clock;
  readonly router: RouterControl;
  readonly addons: Addons;
  /** Frees what stopped dynos hold, once their last lines are stored. */
  readonly free: (dynos: readonly ObservedDyno[]) => Promise<void>;
  /** Ends what tfkd itself does: builds, reconciling. */
  readonly quiesce: () => Promise<void>;
}

const EXIT_MS = 30_000;
/** How long the last lines of stopped dynos are waited for: a full disk may keep them away for ever. */
const LINES_MS = 30_000;
const POLL_MS = 50;

/**
 * Stops all that runs for this home, so that nothing of it is left: first the router, so that requests under way end well,
 * then the dynos, then the add-ons. The store keeps what should run; the next start brings it back. Tells each step.
 */
export async function* stopEverything(parts: StopParts): AsyncGenerator<string> {
  yield 'Finishing what tfkd is doing';
  await parts.quiesce();
  yield 'Stopping the router';
  const refused = await parts.router.shutdown().then(() => null, messageOf);
  if (refused !== null) yield `The router did not answer: ${refused}`;
  yield* stopDynos(parts);
  const { dynos, unreachable } = await parts.engine.survey();
  for (const [name, reason] of unreachable) {
    const concerned = parts.store.dynos
      .all()
      .some((dyno) => (dyno.handle as DynoHandle | null)?.engine === name);
    if (concerned) yield `The ${name} engine does not answer, its dynos go on: ${reason}`;
  }
  yield* freeAll(dynos, parts);
  yield 'Stopping add-ons';
  await parts.addons.stopServers();
}

async function* stopDynos({ store, engine, clock }: StopParts): AsyncGenerator<string> {
  const running = async () => (await engine.survey()).dynos.filter((dyno) => dyno.state.kind === 'running');
  const first = await running();
  if (first.length === 0) return;
  yield `Stopping ${first.length} ${first.length === 1 ? 'dyno' : 'dynos'}`;
  for (const { handle } of first) {
    store.dynos.update(handle.instance, {
      state: 'stopping',
      stateSince: clock.now(),
      stopReason: 'tfkd stops',
    });
  }
  await signalAll(
    engine,
    first.map(({ handle }) => handle),
    'SIGTERM',
  );
  const until = clock.now() + EXIT_MS;
  let left = first;
  while (left.length > 0 && clock.now() < until) {
    await clock.sleep(POLL_MS);
    left = await running();
  }
  if (left.length === 0) return;
  yield `Killing ${left.length} that did not exit within ${EXIT_MS / 1000} s`;
  await signalAll(
    engine,
    left.map(({ handle }) => handle),
    'SIGKILL',
  );
  while ((await running()).length > 0 && clock.now() < until + EXIT_MS) await clock.sleep(POLL_MS);
}

/** What cannot be freed in time is left as it is, unread lines too: the next tfkd reads on. */
async function* freeAll(
  dynos: readonly ObservedDyno[],
  { free, clock }: Pick<StopParts, 'free' | 'clock'>,
): AsyncGenerator<string> {
  const over = new AbortController();
  const late = clock.sleep(LINES_MS, over.signal).then(() => 'late' as const);
  const first = await Promise.race([free(dynos), late]);
  over.abort();
  if (first === 'late')
    yield `Some dynos' last lines could not be stored within ${LINES_MS / 1000} s: the next start reads on`;
}

async function signalAll(
  engine: DynoHost,
  handles: readonly DynoHandle[],
  signal: 'SIGTERM' | 'SIGKILL',
): Promise<void> {
  // One that cannot be told is waited for like the others, and is then told again.
  await Promise.allSettled(handles.map((handle) => engine.signal(handle, signal)));
}
