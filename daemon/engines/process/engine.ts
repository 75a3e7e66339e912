import { chmod, mkdir } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { BuildPlan } from '../../../buildpacks/plan.js';
import type { Clock } from '../../shared/clock.js';
import { notFound, TfkError } from '../../shared/errors.js';
import type { Logger } from '../../shared/logger.js';
import type {
  Artifact,
  Attachment,
  BuildRequest,
  BuildResult,
  DynoHandle,
  DynoSignal,
  DynoSpec,
  DynoUsage,
  Engine,
  EngineCapabilities,
  EngineFact,
  ExecRequest,
  LogBatch,
  ObservedDyno,
  ObservedState,
  TerminalSize,
} from '../engine.js';
import { Attacher } from './attach/attacher.js';
import type { SlugBuilder } from './builder.js';
import { Changes } from './dynos/changes.js';
import { DynoFolder, type DynoRecord } from './dynos/dyno-folder.js';
import { Environments } from './dynos/environments.js';
import { Members } from './dynos/members.js';
import { MemoryGuard } from './dynos/memory-guard.js';
import { Observer } from './dynos/observe.js';
import { Starter } from './dynos/starter.js';
import { usageOf } from './dynos/usage.js';
import { examine, missingTerminalTool } from './examine.js';
import { Cgroups } from './host/cgroups.js';
import { examineIsolation, type Isolation } from './host/isolation.js';
import { Ports } from './host/ports.js';
import { Processes } from './host/processes.js';
import { followDyno } from './logs/follow-dyno.js';

export interface ProcessEngineOptions {
  /** One folder a dyno, of this home alone; made when missing. Other users must be able to reach it for `isolation: user`. */
  readonly dynosDir: string;
  readonly builder: SlugBuilder;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The Node that dynos find on their PATH. */
  readonly nodePath: string;
  /** Run each app's dynos as a user of its own where root may; default true. */
  readonly isolate?: boolean;
  /** Limit dynos by cgroups where that works; default true. */
  readonly limit?: boolean;
  /** Bytes after which a dyno's log goes on in a new file; default 8 MiB. */
  readonly segmentBytes?: number;
  /** Files kept of a dyno whose log is not read fast enough; default 32. Once read, they go at once. */
  readonly maxSegments?: number;
  /** How often all dynos are looked at, beside the watches on their folders; default 1000. */
  readonly pollMs?: number;
}

interface Found {
  readonly isolation: Isolation;
  readonly cgroups: Cgroups | null;
  readonly processes: Processes;
  readonly bootId: string;
  readonly startTime: string;
}

/**
 * The embedded engine: dynos are processes of this machine, each under a shim of its own that outlives tfkd. All it knows of
 * them stands in their folders, so that any later tfkd goes on with them.
 */
export class ProcessEngine implements Engine {
  readonly name = 'process';
  readonly capabilities: EngineCapabilities;
  private readonly observer: Observer;
  private readonly members: Members;
  private readonly starter: Starter;
  private readonly attacher: Attacher;
  private readonly changes: Changes;
  private readonly guard: MemoryGuard | null;

  /** Looks at what the machine allows, clears away what an earlier tfkd left half made, and is ready. */
  static async open(options: ProcessEngineOptions): Promise<ProcessEngine> {
    await mkdir(options.dynosDir, { recursive: true, mode: 0o711 });
    await chmod(options.dynosDir, 0o711);
    await DynoFolder.sweep(options.dynosDir, options.clock.now());
    await options.builder.recover();
    const processes = new Processes();
    const { dynosDir, nodePath } = options;
    const self = await processes.identify(process.pid);
    const cgroups = (options.limit ?? true) ? await Cgroups.open(dynosDir) : null;
    const folders = await DynoFolder.all(dynosDir);
    await cgroups?.sweep(new Set(folders.map(({ instance }) => instance)));
    return new ProcessEngine(options, {
      isolation: await examineIsolation({ dynosDir, nodePath, wanted: options.isolate ?? true }),
      cgroups,
      processes,
      bootId: await processes.bootId(),
      startTime: self?.startTime ?? '',
    });
  }

  private constructor(
    private readonly options: ProcessEngineOptions,
    private readonly found: Found,
  ) {
    const { clock, dynosDir, builder, nodePath } = options;
    const parts = { ...found, clock, dynosDir, builder, nodePath, log: logBudget(options) };
    this.capabilities = { images: false, isolation: found.isolation.kind, limits: found.cgroups !== null };
    this.observer = new Observer(parts);
    this.members = new Members(parts);
    const environments = new Environments(found.processes);
    const shared = { ...parts, environments, members: this.members, observer: this.observer };
    this.starter = new Starter({
      ...shared,
      ports: new Ports(clock, () => Math.random()),
      self: { pid: process.pid, startTime: found.startTime },
    });
    this.attacher = new Attacher(shared);
    this.guard = found.cgroups ? null : new MemoryGuard(this.members, clock);
    this.changes = new Changes(() => this.look(), clock, options.pollMs ?? 1_000);
  }

  async examine(): Promise<EngineFact[]> {
    const processTable = await this.found.processes.readable();
    return examine({ ...this.options, ...this.found, processTable });
  }

  runtimeOf(plan: BuildPlan): Promise<string> {
    return this.options.builder.runtimeOf(plan);
  }

  build(request: BuildRequest): Promise<BuildResult> {
    return this.options.builder.build(request);
  }

  hasArtifact(artifact: Artifact): Promise<boolean> {
    return this.options.builder.hasArtifact(artifact);
  }

  pack(artifact: Artifact): Promise<Readable> {
    return this.options.builder.pack(artifact);
  }

  async imageOf(): Promise<null> {
    return null;
  }

  collectGarbage(keep: readonly Artifact[]): Promise<number> {
    return this.options.builder.collectGarbage(keep);
  }

  purgeCache(appId: string): Promise<void> {
    return this.options.builder.purgeCache(appId);
  }

  forgetApp(appId: string): Promise<void> {
    return this.purgeCache(appId);
  }

  async start(spec: DynoSpec): Promise<DynoHandle> {
    await requireTerminal(spec.terminal);
    const record = await this.starter.start(spec);
    this.changes.announce(this.folderOf(spec.instance).run);
    return handleOf(record);
  }

  async list(): Promise<ObservedDyno[]> {
    const observed = await Promise.all((await this.folders()).map((folder) => this.observe(folder)));
    return observed.filter((dyno) => dyno !== null);
  }

  watch(changed: () => void): () => void {
    return this.changes.subscribe(changed);
  }

  async signal(handle: DynoHandle, signal: DynoSignal): Promise<void> {
    const folder = this.folderOf(handle.instance);
    const record = await folder.record();
    if (record) await this.members.signal(folder, record, signal);
  }

  async remove(handle: DynoHandle): Promise<void> {
    const folder = this.folderOf(handle.instance);
    const record = await folder.record();
    if (!record) return;
    await this.members.killAll(folder, record);
    await this.starter.free(folder, record);
    this.attacher.forget(record.instance);
  }

  async followLogs(
    handle: DynoHandle,
    cursor: string | null,
    deliver: (batch: LogBatch) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const folder = this.folderOf(handle.instance);
    const record = await folder.record();
    // An attached dyno has no log: its output goes to whoever is attached.
    if (record?.stdio !== 'logged') return;
    const { clock, logger } = this.options;
    const parts = { clock, logger, observer: this.observer, processes: this.found.processes };
    await followDyno({ folder, record, cursor, deliver, signal }, parts);
  }

  async attach(handle: DynoHandle): Promise<Attachment> {
    const [folder, record] = await this.existing(handle);
    return this.attacher.attach(folder, record);
  }

  async exec(handle: DynoHandle, request: ExecRequest): Promise<Attachment> {
    await requireTerminal(request.terminal);
    const [folder, record] = await this.existing(handle);
    return this.attacher.exec(folder, record, request);
  }

  async inspect(handle: DynoHandle): Promise<DynoUsage> {
    const folder = this.folderOf(handle.instance);
    const record = await folder.record();
    return usageOf(record ? await this.members.pids(folder, record) : []);
  }

  private folderOf(instance: string): DynoFolder {
    return DynoFolder.of(this.options.dynosDir, instance);
  }

  private folders(): Promise<DynoFolder[]> {
    return DynoFolder.all(this.options.dynosDir);
  }

  private async existing(handle: DynoHandle): Promise<[DynoFolder, DynoRecord]> {
    const folder = this.folderOf(handle.instance);
    const record = await folder.record();
    if (!record) throw notFound('dyno', 'This dyno is gone.', 'See which ones there are with `tfk ps`.');
    return [folder, record];
  }

  private async observe(folder: DynoFolder): Promise<ObservedDyno | null> {
    const record = await folder.record();
    if (!record) return null;
    const state = await this.observer.observe(folder, record);
    return { handle: handleOf(record), labels: record.labels, state };
  }

  private readonly seen = new Map<string, ObservedState['kind']>();

  /** For Changes: who lives, and has anyone ended unseen? */
  private async look(): Promise<{ folders: string[]; changed: boolean }> {
    const dynos = await this.list();
    await this.guard?.check(this.options.dynosDir, dynos);
    let changed = dynos.length !== this.seen.size;
    for (const { handle, state } of dynos) {
      changed ||= this.seen.get(handle.instance) !== state.kind;
    }
    this.seen.clear();
    for (const { handle, state } of dynos) this.seen.set(handle.instance, state.kind);
    const living = dynos.filter(({ state }) => state.kind !== 'exited');
    return { folders: living.map(({ handle }) => this.folderOf(handle.instance).run), changed };
  }
}

function handleOf(record: DynoRecord): DynoHandle {
  const address = record.port === null ? null : { host: '127.0.0.1', port: record.port, relayed: false };
  return { engine: 'process', version: 1, instance: record.instance, address, data: {} };
}

function logBudget(options: ProcessEngineOptions) {
  return { segmentBytes: options.segmentBytes ?? 8 * 1024 * 1024, segments: options.maxSegments ?? 32 };
}

async function requireTerminal(terminal: TerminalSize | null): Promise<void> {
  const missing = terminal && (await missingTerminalTool());
  if (!missing) return;
  throw new TfkError('not_implemented', `This machine has no terminals for dynos: ${missing} is missing.`, {
    hint: 'Run it without a terminal (`tfk run --no-tty`), or install util-linux.',
  });
}
