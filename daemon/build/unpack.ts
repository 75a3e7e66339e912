import { spawn } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { TfkError } from '../shared/errors.js';
import type { UnpackLimits, UnpackReport } from './unpack/report.js';

const MAX_REPORT_BYTES = 64 * 1024;
const GRACE_MS = 5000;

/** The source is refused: the pusher's fault, and nothing of it was kept. */
export class SourceRefused extends Error {
  override readonly name = 'SourceRefused';
  constructor(readonly reason: string) {
    super(`The source was refused: ${reason}.`);
  }
}

/**
 * Unpacks tarballs in a child process with little memory, an empty environment and a time limit; see unpack/main.ts.
 * Whatever happens to the child, a refused source leaves no folder behind.
 */
export class Unpacker {
  constructor(
    private readonly program: string,
    private readonly limits: UnpackLimits,
  ) {}

  /**
   * Makes `folder` (0700, replacing what is there) and fills it; answers the number of files. Rejects with SourceRefused,
   * with a TfkError when the machine is at fault, or with the signal's reason.
   */
  async unpack(tarball: string, folder: string, signal: AbortSignal): Promise<number> {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    try {
      const report = await this.run([tarball, folder, JSON.stringify(this.limits)], signal);
      if (report.ok) return report.files;
      if (report.refused) throw new SourceRefused(report.message);
      throw new TfkError('insufficient_storage', `The source could not be unpacked: ${report.message}.`, {
        hint: 'Look at the free disk space with `tfk doctor`, then push again.',
      });
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  private async run(args: readonly string[], signal: AbortSignal): Promise<UnpackReport> {
    signal.throwIfAborted();
    const child = spawn(process.execPath, ['--max-old-space-size=128', this.program, ...args], {
      env: {},
      // The child sees by the end of its stdin that tfkd has died.
      stdio: ['pipe', 'pipe', 'ignore'],
      cwd: '/',
    });
    const kill = () => child.kill('SIGKILL');
    const timer = setTimeout(kill, this.limits.milliseconds + GRACE_MS);
    signal.addEventListener('abort', kill, { once: true });
    child.stdin.on('error', () => undefined);
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (printed.length < MAX_REPORT_BYTES) printed += text;
    });
    try {
      const code = await new Promise<number | null>((resolve, reject) => {
        child.once('error', reject);
        child.once('close', resolve);
      });
      signal.throwIfAborted();
      return reportFrom(code, printed);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', kill);
    }
  }
}

/** A child that crashed, or was killed for time or memory, said nothing: only such an archive does that to it. */
function reportFrom(code: number | null, printed: string): UnpackReport {
  const died: UnpackReport = { ok: false, refused: true, message: 'it cannot be unpacked within the limits' };
  const report = parsed(printed.trim());
  if (report === null) return died;
  return report.ok === (code === 0) ? report : died;
}

function parsed(line: string): UnpackReport | null {
  try {
    const report = JSON.parse(line) as Partial<{
      ok: boolean;
      files: number;
      refused: boolean;
      message: string;
    }>;
    if (report.ok === true && typeof report.files === 'number') return { ok: true, files: report.files };
    if (report.ok !== false) return null;
    return {
      ok: false,
      refused: report.refused !== false,
      message: report.message ?? 'for no stated reason',
    };
  } catch {
    return null;
  }
}
