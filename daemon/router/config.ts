import { parseArgs } from 'node:util';
import { messageOf } from '../shared/errors.js';
import { DEFAULT_LIMITS, isLimitName, type LimitName, type RouterLimits } from './limits.js';

export interface RouterConfig {
  /** tfk's home folder; the router's things are in `router/` there. */
  readonly home: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Null: no TLS. 0 takes a free one. */
  readonly tlsPort: number | null;
  /** Where the TLS port is taken, a free one will do. */
  readonly tlsPortMayDiffer: boolean;
  /** Addresses to listen on; `optional` ones are left out where the machine does not have them. */
  readonly addresses: readonly { readonly host: string; readonly optional: boolean }[];
  readonly workers: number;
  readonly logLevel: string;
  readonly version: string;
  readonly limits: RouterLimits;
}

const OPTIONS = {
  home: { type: 'string' },
  port: { type: 'string', default: '8080' },
  'tls-port': { type: 'string' },
  'tls-port-may-differ': { type: 'boolean', default: false },
  host: { type: 'string', multiple: true },
  workers: { type: 'string', default: '2' },
  'log-level': { type: 'string' },
  version: { type: 'string', default: '0.0.0' },
  /** `name=value`, see limits.ts. */
  limit: { type: 'string', multiple: true },
} as const;

const LOOPBACK = [
  { host: '127.0.0.1', optional: false },
  { host: '::1', optional: true },
];

/** Reads the holder's arguments; throws an Error of one line when they make no sense. */
export function readConfig(argv: readonly string[], env: NodeJS.ProcessEnv = process.env): RouterConfig {
  const { values } = parse(argv);
  const { home, port, host, workers, version } = values;
  const tlsPort = values['tls-port'];
  if (home === undefined || home === '') throw new Error('--home is missing');
  return {
    home,
    port: wholeNumber('--port', port, 0, 65_535),
    tlsPort: tlsPort === undefined ? null : wholeNumber('--tls-port', tlsPort, 0, 65_535),
    tlsPortMayDiffer: values['tls-port-may-differ'],
    addresses: host === undefined ? LOOPBACK : host.map((name) => ({ host: name, optional: false })),
    workers: wholeNumber('--workers', workers, 1, 64),
    logLevel: values['log-level'] ?? env['TFK_LOG_LEVEL'] ?? 'info',
    version,
    limits: readLimits(values.limit ?? []),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, strict: true });
  } catch (error) {
    throw new Error(messageOf(error).replaceAll('\n', ' '));
  }
}

function readLimits(settings: readonly string[]): RouterLimits {
  const changed: Partial<Record<LimitName, number>> = {};
  for (const setting of settings) {
    const [name = '', value = ''] = setting.split('=');
    if (!isLimitName(name)) throw new Error(`--limit ${name}: there is no such limit`);
    changed[name] = wholeNumber(`--limit ${name}`, value, 1, Number.MAX_SAFE_INTEGER);
  }
  return { ...DEFAULT_LIMITS, ...changed };
}

function wholeNumber(what: string, text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new Error(`${what} must be a whole number from ${least} to ${most}, not '${text}'`);
}
