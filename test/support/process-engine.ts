import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Artifact, DynoHandle, DynoSpec, LogBatch, ObservedState } from '../../daemon/engines/engine.js';
import { ProcessEngine, type ProcessEngineOptions } from '../../daemon/engines/process/engine.js';
import { systemClock } from '../../daemon/shared/clock.js';
import { newId } from '../../daemon/shared/ids.js';
import { CopyingBuilder } from './copying-builder.js';

/** An embedded engine with a home of its own under the system's temporary folder, and a slug with one file. */
export class EngineBench {
  private constructor(
    readonly home: string,
    readonly engine: ProcessEngine,
    readonly artifact: Artifact,
    private readonly options: ProcessEngineOptions,
  ) {}

  static async open(settings: Partial<ProcessEngineOptions> = {}): Promise<EngineBench> {
    const home = await mkdtemp(join(tmpdir(), 'tfk-engine-'));
    await chmod(home, 0o711);
    await mkdir(join(home, 'source'));
    await writeFile(join(home, 'source', 'file.txt'), 'from the slug\n');
    const options: ProcessEngineOptions = {
      dynosDir: join(home, 'dynos'),
      builder: new CopyingBuilder(join(home, 'slugs')),
      clock: systemClock,
      logger: pino({ level: 'silent' }),
      nodePath: process.execPath,
      ...settings,
    };
    const engine = await ProcessEngine.open(options);
    const request = { plan: { launchPath: [] }, sourceDir: join(home, 'source') };
    const built = await engine.build(request as never);
    if (!built.ok) throw new Error(built.message);
    return new EngineBench(home, engine, built.artifact, options);
  }

  reopen(settings: Partial<ProcessEngineOptions> = {}): Promise<ProcessEngine> {
    return ProcessEngine.open({ ...this.options, ...settings });
  }

  spec(command: string, more: Partial<DynoSpec> = {}): DynoSpec {
    return {
      instance: newId(),
      labels: { appId: 'app', dyno: 'web.1', releaseVersion: 1 },
      appName: 'app',
      artifact: this.artifact,
      command,
      env: {},
      port: false,
      limits: { memoryBytes: 512 * 1024 * 1024, cpuWeight: 1, pids: 256 },
      appNumber: 1,
      stdio: 'logged',
      terminal: null,
      ...more,
    };
  }

  start(command: string, more: Partial<DynoSpec> = {}): Promise<DynoHandle> {
    return this.engine.start(this.spec(command, more));
  }

  /** A path in the dyno's run folder. */
  runFile(handle: DynoHandle, name: string): string {
    return join(this.home, 'dynos', handle.instance, 'run', name);
  }

  async state(handle: DynoHandle, engine = this.engine): Promise<ObservedState | null> {
    const dynos = await engine.list();
    return dynos.find((dyno) => dyno.handle.instance === handle.instance)?.state ?? null;
  }

  async follow(
    handle: DynoHandle,
    from: string | null = null,
    enough?: (lines: readonly string[]) => boolean,
  ) {
    const lines: string[] = [];
    const stop = new AbortController();
    let [cursor, lost] = [from, 0];
    const deliver = (batch: LogBatch) => {
      lines.push(...batch.lines.map(({ text }) => text));
      cursor = batch.cursor;
      lost += batch.lostBytes;
      if (enough?.(lines)) stop.abort();
      return Promise.resolve();
    };
    await this.engine.followLogs(handle, from, deliver, stop.signal);
    return { lines, cursor, lost };
  }

  async dispose(): Promise<void> {
    for (const { handle } of await this.engine.list()) await this.engine.remove(handle);
    await rm(this.home, { recursive: true, force: true });
  }
}

/** Resolves when the check passes; rejects with its last complaint. */
export async function eventually(check: () => unknown, withinMs = 20_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
