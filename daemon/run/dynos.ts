import type { Attachment, DynoHandle, Engine, ExecRequest } from '../engines/engine.js';
import type { Logs } from '../logs/entry.js';
import { platformLine, restarting } from '../logs/platform.js';
import { notFound, TfkError } from '../shared/errors.js';
import type { DynoRecord } from '../store/dynos.js';
import type { Store } from '../store/store.js';

/** All dynos, those of a process type, or one by name or instance id. */
export type DynoTarget = { readonly type: string } | { readonly dyno: string } | 'all';

/** What users do with dynos. */
export class Dynos {
  constructor(
    private readonly store: Store,
    private readonly engine: Engine,
    private readonly logs: Logs,
    private readonly notify: (appId: string) => void,
  ) {}

  /** By type and number; of a slot that is being replaced, both dynos. */
  list(appId: string): DynoRecord[] {
    return this.store.dynos
      .list(appId)
      .sort((a, b) => a.type.localeCompare(b.type) || number(a) - number(b) || a.createdAt - b.createdAt);
  }

  /** Replaces dynos by fresh ones, `web` without a gap; a crashed dyno starts at once, and forgets its past crashes. */
  restart(appId: string, target: DynoTarget): void {
    for (const dyno of this.chosen(appId, target)) {
      if (dyno.kind !== 'formation') continue;
      this.logs.append(appId, [platformLine(dyno.name, restarting(), dyno.releaseVersion)]);
      this.store.dynos.update(dyno.instance, { stopReason: 'restarted' });
    }
    this.notify(appId);
  }

  /** Stops dynos at once. Those of the formation come back, as on Heroku; scale to 0 to keep them away. */
  stop(appId: string, target: DynoTarget): void {
    for (const dyno of this.chosen(appId, target))
      this.store.dynos.update(dyno.instance, { stopReason: 'stopped' });
    this.notify(appId);
  }

  async exec(appId: string, dynoName: string, request: ExecRequest): Promise<Attachment> {
    const dyno = this.chosen(appId, { dyno: dynoName }).find(
      ({ state }) => state === 'up' || state === 'starting',
    );
    if (!dyno?.handle) {
      throw new TfkError('conflict', `${dynoName} is not running.`, { hint: 'Type: tfk ps' });
    }
    return this.engine.exec(dyno.handle as DynoHandle, request);
  }

  private chosen(appId: string, target: DynoTarget): DynoRecord[] {
    const dynos = this.list(appId);
    if (target === 'all') return dynos;
    const chosen = dynos.filter((dyno) =>
      'type' in target
        ? dyno.type === target.type
        : dyno.name === target.dyno || dyno.instance === target.dyno,
    );
    if (chosen.length > 0) return chosen;
    const names = [...new Set(dynos.map((dyno) => ('type' in target ? dyno.type : dyno.name)))].join(', ');
    const what =
      'type' in target ? `The app runs no ${target.type} dynos.` : `The app has no dyno ${target.dyno}.`;
    throw notFound('dyno', what, names === '' ? 'It runs no dynos. Type: tfk ps' : `It runs ${names}.`);
  }
}

const number = (dyno: DynoRecord): number => Number(dyno.name.split('.').at(-1));
