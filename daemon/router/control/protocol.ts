/**
 * What the control plane tells the router, and hears from it. One JSON object a line over the router's unix socket; the
 * last table is kept in the router's state file, so that it routes on when the control plane is away.
 */
export interface RouteTable {
  /** Rises with every table; a router takes only a higher one. */
  readonly version: number;
  readonly apps: readonly RouteApp[];
}

export interface RouteApp {
  readonly id: string;
  readonly name: string;
  /** Lower case, without port. Exact (`shop.localhost`) or a wildcard for one or more labels (`*.example.com`). */
  readonly hosts: readonly string[];
  readonly state: RouteState;
  readonly backends: readonly Backend[];
}

/**
 * What a request meets when no backend takes it:
 * `serving`, `starting`: it waits, bounded in number and time, for a backend (H20 when the time is over);
 * `crashed`: H10 · `idle`: no web dynos, H14 · `blank`: no release with code, H81 · `maintenance`: H80, also with backends.
 */
export type RouteState = 'serving' | 'starting' | 'crashed' | 'idle' | 'blank' | 'maintenance';

export interface Backend {
  /** The dyno's instance id. */
  readonly id: string;
  /** `web.1` */
  readonly dyno: string;
  readonly host: string;
  readonly port: number;
  /** Gets no new request; those under way finish. Its idle connections are closed. */
  readonly draining: boolean;
}

/** Which certificate is shown for which name. A set replaces the one before, whole. */
export interface CertificateSet {
  readonly certificates: readonly RouterCertificate[];
}

export interface RouterCertificate {
  /** As in `RouteApp.hosts`. The certificate for `localhost` is also the one for names that no other is for. */
  readonly hosts: readonly string[];
  /** SHA-256 of the certificate, hex: the same fingerprint is the same certificate and key. */
  readonly fingerprint: string;
  /** PEM, the host's own first. */
  readonly chain: string;
  /** PEM, sealed as control/certificates.ts says; base64. */
  readonly sealedKey: string;
}

export type ControlRequest =
  | { readonly type: 'publish'; readonly id: number; readonly table: RouteTable }
  | { readonly type: 'certify'; readonly id: number; readonly set: CertificateSet }
  | { readonly type: 'in-flight'; readonly id: number; readonly backends: readonly string[] }
  | { readonly type: 'status'; readonly id: number }
  /** Replaces the workers one after the other by fresh ones; no connection is refused. */
  | { readonly type: 'reload'; readonly id: number }
  /** Ends the router: holder and workers. */
  | { readonly type: 'shutdown'; readonly id: number };

export type ControlReply =
  /** Every live worker has swapped to the table, and it is on disk. */
  | { readonly type: 'published'; readonly id: number; readonly version: number }
  /** Requests under way per backend, over all workers; streams and upgraded connections apart. */
  | {
      readonly type: 'in-flight';
      readonly id: number;
      readonly requests: Readonly<Record<string, number>>;
      readonly upgraded: Readonly<Record<string, number>>;
    }
  | { readonly type: 'status'; readonly id: number; readonly status: RouterStatus }
  /** Also after `certify`: every live worker has the set, and it is on disk. */
  | { readonly type: 'done'; readonly id: number }
  | { readonly type: 'failed'; readonly id: number; readonly message: string };

export interface RouterStatus {
  readonly pid: number;
  readonly startedAt: number;
  readonly version: string;
  readonly tableVersion: number;
  readonly port: number;
  /** Null: it speaks no TLS. Absent: it is of an older tfk, and does not know what that is. */
  readonly tlsPort?: number | null;
  readonly workers: readonly { readonly pid: number; readonly tableVersion: number }[];
}

/**
 * A line of the router's access log: one JSON object a line in append-only files of the router's own, which the control
 * plane reads with a cursor. `text` is Heroku's router line without its prefix (`at=info method=GET path="/" …`).
 */
export interface AccessLine {
  readonly appId: string;
  /** Microseconds since the epoch. */
  readonly time: number;
  readonly text: string;
}
