/** When a web dyno is ready. Times in milliseconds. */
export type ReadinessCheck =
  | { readonly kind: 'listening' }
  | {
      readonly kind: 'http';
      readonly path: string;
      readonly headers: Readonly<Record<string, string>>;
      /** Has to be part of the body, if given. */
      readonly content: string | null;
      readonly timeoutMs: number;
    }
  | { readonly kind: 'command'; readonly command: string; readonly timeoutMs: number }
  | { readonly kind: 'uptime'; readonly ms: number };

type Json = Readonly<Record<string, unknown>>;

/**
 * The readiness check of a process type, from app.json's `healthchecks` as they were validated at build time. Startup and
 * readiness checks gate a new dyno; the first of them counts. Without one, `web` has to listen.
 */
export function readinessOf(type: string, healthchecks: unknown): ReadinessCheck | null {
  const checks = isJson(healthchecks) ? healthchecks[type] : undefined;
  const gate = Array.isArray(checks)
    ? checks.filter(isJson).find((check) => check['type'] !== 'liveness')
    : undefined;
  if (gate) return toCheck(gate);
  return type === 'web' ? { kind: 'listening' } : null;
}

function toCheck(check: Json): ReadinessCheck {
  const timeoutMs = seconds(check['timeout'], 5);
  if (typeof check['uptime'] === 'number') return { kind: 'uptime', ms: seconds(check['uptime'], 0) };
  const command = commandOf(check['command']);
  if (command !== null) return { kind: 'command', command, timeoutMs };
  if (check['listening'] === true && check['path'] === undefined) return { kind: 'listening' };
  return {
    kind: 'http',
    path: typeof check['path'] === 'string' ? check['path'] : '/',
    headers: headersOf(check['httpHeaders']),
    content: typeof check['content'] === 'string' ? check['content'] : null,
    timeoutMs,
  };
}

function commandOf(command: unknown): string | null {
  if (typeof command === 'string') return command;
  // A list of arguments means exactly these: quoted for the shell that runs it.
  if (Array.isArray(command))
    return command.map((part) => `'${String(part).replaceAll("'", `'\\''`)}'`).join(' ');
  return null;
}

function headersOf(headers: unknown): Record<string, string> {
  if (!Array.isArray(headers)) return {};
  return Object.fromEntries(
    headers.filter(isJson).map((header) => [String(header['name']), String(header['value'])]),
  );
}

const seconds = (value: unknown, fallback: number): number =>
  (typeof value === 'number' ? value : fallback) * 1000;
const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
