import type { CertificateSet, RouteTable } from '../control/protocol.js';
import type { RouterLimits } from '../limits.js';
import type { Entrance } from '../proxy/context.js';

/** What a worker needs to begin; its listening sockets are its descriptors 3, 4… */
export interface WorkerStart {
  readonly slot: number;
  /** What each of them is. */
  readonly entrances: readonly Entrance[];
  readonly home: string;
  readonly logLevel: string;
  readonly limits: RouterLimits;
  readonly maxConnections: number;
  readonly table: RouteTable;
  readonly certificates: CertificateSet;
  /** Opens their private keys, base64; null where this home has no key. */
  readonly certificateKey: string | null;
}

export type ToWorker =
  | { readonly type: 'start'; readonly start: WorkerStart }
  | { readonly type: 'table'; readonly table: RouteTable }
  | { readonly type: 'certificates'; readonly sequence: number; readonly set: CertificateSet }
  | { readonly type: 'in-flight'; readonly id: number; readonly backends: readonly string[] }
  /** Stop accepting, finish what runs, close idle connections after `idleMs`, end by the deadline. */
  | { readonly type: 'drain'; readonly deadlineMs: number; readonly idleMs: number };

export type FromWorker =
  | { readonly type: 'ready'; readonly version: number }
  /** It cannot serve, and ends. */
  | { readonly type: 'failed'; readonly message: string; readonly code: string | undefined }
  | { readonly type: 'swapped'; readonly version: number }
  | { readonly type: 'certified'; readonly sequence: number }
  | {
      readonly type: 'in-flight';
      readonly id: number;
      readonly requests: Readonly<Record<string, number>>;
      readonly upgraded: Readonly<Record<string, number>>;
    };
