import type { Attachment, DynoHandle, ExecRequest } from '../engines/engine.js';
import type { DynoHost } from '../engines/engines.js';
import type { Logs } from '../logs/entry.js';
import { platformLine, restarting } from '../logs/platform.js';
import { notFound, TfkError } from '../shared/errors.js';
import type { DynoRecord } from '../store/dynos.js';
import type { Store } from '../store/store.js';

/** All dynos, those of a process type, or one by name or instance id. */
export type DynoTarget =
  | { readonly kind: 'all' }
  | { readonly kind: 'type'; readonly type: string }
  | { readonly kind: 'dyno'; readonly name: string };

/** What users do with dynos. */
export class Dynos {
  constructor(
    private readonly store: Store,
    private readonly engine: DynoHost,
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

  /** A further process in a running dyno; it starts when its client opens it. */
  exec(dyno: DynoRecord, request: ExecRequest): { open(): Promise<Attachment>; expire(): void } {
    const handle = dyno.handle as DynoHandle | null;
    if (!handle || (dyno.state !== 'up' && dyno.state !== 'starting')) {
      throw new TfkError('conflict', `${dyno.name} is not running: it is ${dyno.state}.`, {
        hint: 'Type: tfk ps',
      });
    }
    return { open: () => this.engine.exec(handle, request), expire: () => undefined };
  }

  private chosen(appId: string, target: DynoTarget): DynoRecord[] {
    const dynos = this.list(appId);
    const chosen = dynos.filter((dyno) => matches(dyno, target));
    if (chosen.length > 0 || target.kind === 'all') return chosen;
    const names = [...new Set(dynos.map((dyno) => (target.kind === 'type' ? dyno.type : dyno.name)))].join(
      ', ',
    );
    const what =
      target.kind === 'type'
        ? `The app runs no ${target.type} dynos.`
        : `The app has no dyno ${target.name}.`;
    throw notFound('dyno', what, names === '' ? 'It runs no dynos. Type: tfk ps' : `It runs ${names}.`);
  }
}

function matches(dyno: DynoRecord, target: DynoTarget): boolean {
  switch (target.kind) {
    case 'all':
      return true;
    case 'type':
      return dyno.type === target.type;
    case 'dyno':
      return dyno.name === target.name || dyno.instance === target.name;
  }
}

const number = (dyno: DynoRecord): number => Number(dyno.name.split('.').at(-1));
