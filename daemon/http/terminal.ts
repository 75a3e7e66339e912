import type { CreateDyno, DynoEnv } from '../../api/index.js';
import type { TerminalSize } from '../engines/engine.js';

/** Values that came as numbers or booleans are texts in an environment. */
export const envOf = (env: DynoEnv | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(env ?? {}).map(([key, value]) => [key, String(value)]));

/**
 * The terminal that a client asks for: by `terminal`, or as Heroku's does by COLUMNS and LINES in the environment, unless it
 * forbids one. Null: plain pipes.
 */
export function terminalOf(body: Pick<CreateDyno, 'env' | 'force_no_tty' | 'terminal'>): TerminalSize | null {
  if (body.force_no_tty === true) return null;
  if (body.terminal != null) return body.terminal;
  const columns = cells(body.env?.['COLUMNS']);
  const rows = cells(body.env?.['LINES']);
  return columns === null || rows === null ? null : { columns, rows };
}

function cells(value: string | number | boolean | undefined): number | null {
  const count = typeof value === 'boolean' ? NaN : Number(value);
  return Number.isInteger(count) && count >= 1 && count <= 65_535 ? count : null;
}
