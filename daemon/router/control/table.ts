import type { Backend, RouteApp, RouteState, RouteTable } from './protocol.js';

const STATES: ReadonlySet<unknown> = new Set<RouteState>([
  'serving',
  'starting',
  'crashed',
  'idle',
  'blank',
  'maintenance',
]);

/** Whether something read from a socket or a file is a table that can be routed by. */
export function isRouteTable(value: unknown): value is RouteTable {
  if (!isRecord(value)) return false;
  const { version, apps } = value;
  return (
    Number.isSafeInteger(version) && Number(version) >= 0 && Array.isArray(apps) && apps.every(isRouteApp)
  );
}

function isRouteApp(value: unknown): value is RouteApp {
  if (!isRecord(value)) return false;
  const { id, name, hosts, state, backends } = value;
  const named = typeof id === 'string' && typeof name === 'string' && STATES.has(state);
  return (
    named &&
    Array.isArray(hosts) &&
    hosts.every(isText) &&
    Array.isArray(backends) &&
    backends.every(isBackend)
  );
}

function isBackend(value: unknown): value is Backend {
  if (!isRecord(value)) return false;
  const { id, dyno, host, port, draining } = value;
  const reachable =
    isText(host) &&
    /^[A-Za-z0-9._:-]+$/.test(host) &&
    Number.isInteger(port) &&
    Number(port) > 0 &&
    Number(port) < 65_536;
  return reachable && isText(id) && isText(dyno) && typeof draining === 'boolean';
}

const isText = (value: unknown): value is string => typeof value === 'string';

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
