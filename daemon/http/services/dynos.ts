import type { Attachment, TerminalSize } from '../../engines/engine.js';
import type { AppRecord } from '../../store/apps.js';
import type { DynoRecord } from '../../store/dynos.js';
import type { FormationRecord } from '../../store/formation.js';

export interface ScaleUpdate {
  readonly type: string;
  readonly quantity: { readonly to: number } | { readonly by: number } | null;
  /** A size's name in any case. */
  readonly size: string | null;
}

export interface FormationService {
  /** All or nothing; answers the entries of the types that were named. */
  scale(app: AppRecord, updates: readonly ScaleUpdate[], actor: string): Promise<readonly FormationRecord[]>;
  /** Names and memory, in Heroku's spelling. */
  sizes(): readonly { readonly name: string; readonly memoryBytes: number }[];
}

export type DynoTarget =
  | { readonly kind: 'all' }
  | { readonly kind: 'type'; readonly type: string }
  | { readonly kind: 'dyno'; readonly name: string };

export interface OneOffRequest {
  readonly app: AppRecord;
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  readonly attached: boolean;
  /** Null: pipes. Only for an attached dyno. */
  readonly terminal: TerminalSize | null;
  readonly size: string | null;
  /** Null: `run`. */
  readonly type: string | null;
  readonly timeLimitMs: number | null;
  readonly actor: string;
}

/** A process to which one client may connect, once. */
export interface Attachable {
  open(): Promise<Attachment>;
  /** Nobody came in time (R13): the process is ended. */
  expire(): void;
}

export interface DynoService {
  restart(app: AppRecord, target: DynoTarget, actor: string): Promise<void>;
  stop(app: AppRecord, target: DynoTarget, actor: string): Promise<void>;
  /** `attachable` is null for a detached dyno. */
  runOneOff(request: OneOffRequest): Promise<{ dyno: DynoRecord; attachable: Attachable | null }>;
  exec(
    app: AppRecord,
    dyno: DynoRecord,
    request: {
      readonly command: string;
      readonly env: Readonly<Record<string, string>>;
      readonly terminal: TerminalSize | null;
      readonly actor: string;
    },
  ): Promise<Attachable>;
}
