import { execa } from 'execa';
import { statfs } from 'node:fs/promises';
import type { BrokenManifest } from '../addons/manifests/read.js';
import type { Config } from '../config.js';
import type { Engine } from '../engines/engine.js';
import type { Engines } from '../engines/engines.js';
import type { Finding, TfkService } from '../http/services.js';
import type { RouterControl } from '../router/control/client.js';
import type { RouterStatus } from '../router/control/protocol.js';
import { messageOf } from '../shared/errors.js';
import type { Store } from '../store/store.js';
import type { EngineChoice } from './engine-choice.js';

export interface TfkParts {
  readonly config: Config;
  readonly startedAt: number;
  readonly engines: Engines;
  readonly choice: EngineChoice;
  readonly store: Store;
  readonly brokenManifests: readonly BrokenManifest[];
  readonly router: RouterControl;
  readonly routerStatus: () => RouterStatus | null;
  readonly socket: string;
  readonly apiPort: () => number | null;
  readonly stopDaemon: () => void;
  readonly stopEverything: () => AsyncIterable<string>;
}

/** What tfkd knows of itself and of the machine. */
export function createTfkService(parts: TfkParts): TfkService {
  const { config, engines, choice } = parts;
  return {
    info() {
      const router = parts.routerStatus();
      const engine = engines.get(choice.name);
      return {
        version: config.version,
        pid: process.pid,
        home: config.home,
        startedAt: parts.startedAt,
        engine: {
          name: engine.name,
          isolation: engine.capabilities.isolation,
          limits: engine.capabilities.limits,
        },
        api: { socket: parts.socket, port: parts.apiPort() },
        router: {
          port: router?.port ?? null,
          tlsPort: router?.tlsPort ?? null,
          pid: router?.pid ?? null,
          workers: router?.workers.length ?? 0,
        },
      };
    },
    async examine() {
      const facts = await Promise.all(engines.all().map((engine) => engineFindings(engine, choice)));
      return [
        versions(config),
        { name: 'engine', status: 'ok', detail: `new apps go to ${choice.name}: ${choice.because}` },
        ...facts.flat(),
        await routerFact(parts),
        apiFact(parts),
        await diskFact(config.home),
        await psqlFact(),
        addonsFact(parts.store),
        ...parts.brokenManifests.map(manifestFact),
      ];
    },
    stopDaemon: parts.stopDaemon,
    stopEverything: parts.stopEverything,
  };
}

const versions = (config: Config): Finding => ({
  name: 'tfkd',
  status: 'ok',
  detail: `${config.version}, Node ${process.version}, pid ${process.pid}, home ${config.home}`,
});

/** What an engine lacks that new apps do not go to is nothing to worry about. */
async function engineFindings(engine: Engine, choice: EngineChoice): Promise<Finding[]> {
  return (await engine.examine()).map((fact) => ({
    ...fact,
    name: `${engine.name}: ${fact.name}`,
    status: fact.status === 'failed' && engine.name !== choice.name ? 'warning' : fact.status,
  }));
}

async function routerFact({ router, config }: TfkParts): Promise<Finding> {
  try {
    const status = await router.status();
    const behind = status.workers.filter((worker) => worker.tableVersion !== status.tableVersion).length;
    const detail = `pid ${status.pid}, port ${status.port}, ${tlsOf(status)}, ${status.workers.length} workers, route table ${status.tableVersion}`;
    return behind === 0
      ? { name: 'router', status: 'ok', detail }
      : { name: 'router', status: 'warning', detail: `${detail}; ${behind} workers have an older one` };
  } catch (error) {
    return {
      name: 'router',
      status: 'failed',
      detail: messageOf(error),
      hint: `Look into ${config.home}/router/router.log`,
    };
  }
}

const tlsOf = ({ tlsPort }: RouterStatus): string => (tlsPort == null ? 'no TLS' : `TLS port ${tlsPort}`);

function apiFact({ apiPort, socket }: TfkParts): Finding {
  return { name: 'api', status: 'ok', detail: `${socket}, and 127.0.0.1:${apiPort() ?? '?'} with a token` };
}

/** Below that a push may not fit. */
const LOW_BYTES = 2 * 1024 ** 3;

async function diskFact(home: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(home);
  const free = bavail * bsize;
  const detail = `${(free / 1024 ** 3).toFixed(1)} GB free for ${home}`;
  return free > LOW_BYTES
    ? { name: 'disk', status: 'ok', detail }
    : {
        name: 'disk',
        status: 'warning',
        detail,
        hint: 'Free some space: pushes are refused when it runs out.',
      };
}

async function psqlFact(): Promise<Finding> {
  const { exitCode, stdout } = await execa('psql', ['--version'], { reject: false, timeout: 5000 });
  if (exitCode === 0) return { name: 'psql', status: 'ok', detail: stdout.trim() };
  return {
    name: 'psql',
    status: 'ok',
    detail: 'not on this machine: tfk pg:psql uses a small console of its own',
  };
}

function addonsFact(store: Store): Finding {
  const addons = store.addons.all();
  return {
    name: 'add-ons',
    status: 'ok',
    detail: addons.length === 0 ? 'none' : addons.map((addon) => `${addon.name} (${addon.plan})`).join(', '),
  };
}

const manifestFact = ({ file, problems }: BrokenManifest): Finding => ({
  name: 'add-on manifest',
  status: 'warning',
  detail: `${file} is left out: ${problems.join('; ')}`,
  hint: 'Correct it, and type: tfk daemon:restart',
});
