import { spawn } from 'node:child_process';
import type { Context } from '../context.js';
import { codeOf, EXIT, messageOf, UserError } from '../errors.js';

export interface Program {
  readonly name: string;
  readonly args: readonly string[];
  /** Passwords belong here: arguments can be read by everyone on the machine. */
  readonly env: Readonly<NodeJS.ProcessEnv>;
}

/** Its exit code; null where this machine has no such program. */
export function through(context: Context, { name, args, env }: Program): Promise<number | null> {
  // Ctrl-C is the program's: it cancels a query there, and must not end us before it.
  const heed = context.onSignal('SIGINT', () => undefined);
  const done = new Promise<number | null>((resolve, reject) => {
    const child = spawn(name, args, { stdio: 'inherit', env });
    child.once('exit', (code) => resolve(code ?? EXIT.failed));
    child.once('error', (error) => {
      if (codeOf(error) === 'ENOENT') resolve(null);
      else reject(new UserError(`${name} does not start: ${messageOf(error)}`));
    });
  });
  return done.finally(heed);
}
