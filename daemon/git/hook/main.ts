/**
 * A program of its own: the pre-receive hook of every repository. git starts it with the pushed objects in quarantine and
 * shows what it prints as `remote: ` lines; only its exit code 0 lets the branches move. It hands the commit's files to tfkd,
 * which builds and releases them as any other source.
 *
 *     node hook/main.js <tfkd's socket>      stdin: the push's secret, then a line for each reference that is to change
 */
import { createInterface } from 'node:readline';
import { ACCEPTED, REFUSED } from '../verdict.js';
import { DaemonOfPush, Refused } from './daemon.js';
import { branchOf, decide, parseUpdate, type RefUpdate } from './decide.js';
import { repository } from './repository.js';

const [socket = ''] = process.argv.slice(2);

/** Who pushes may have gone: the build ends all the same, and so must we. */
process.stdout.on('error', () => undefined);
process.exitCode = (await accepts()) ? 0 : 1;

async function accepts(): Promise<boolean> {
  try {
    const [secret = '', ...lines] = await linesOf(process.stdin);
    const decision = decide(lines.map(parseUpdate), await repository.head());
    say(decision.lines);
    if (decision.refused || decision.deploy === null) return !decision.refused;
    return await deploys(decision.deploy, new DaemonOfPush(socket, secret));
  } catch (error) {
    if (error instanceof Refused) say([...error.lines.map((line) => ` !     ${line}`), '']);
    else
      say([' !     The connection to tfkd was cut: nothing of this push was taken.', ' !     Push again.']);
    return false;
  }
}

async function deploys({ from, to, ref }: RefUpdate, daemon: DaemonOfPush): Promise<boolean> {
  if (!(await repository.isCommit(to))) {
    const branch = branchOf(ref);
    throw new Refused([
      `What was pushed to ${branch} is no commit. Nothing was changed.`,
      `For a tag, type: git push heroku TAG^{}:${branch}`,
    ]);
  }
  await daemon.claim({ id: to, message: await repository.message(to) });
  // Ours alone from here on; but a push before us may have ended since git looked.
  if (((await repository.value(ref)) ?? '') !== from.replace(/^0+$/, '')) {
    throw new Refused([
      `Another push has moved ${branchOf(ref)} meanwhile. Nothing was changed.`,
      'Fetch it (git fetch), then push again.',
    ]);
  }
  warnOfSubmodules(await repository.submodules(to));
  return shown(await daemon.deploy(repository.archive(to)));
}

function warnOfSubmodules(paths: readonly string[]): void {
  if (paths.length === 0) return;
  const some = paths.slice(0, 3).join(', ') + (paths.length > 3 ? '…' : '');
  say([
    ` !     Submodules are not fetched: ${some} will be empty.`,
    ' !     Commit their files to deploy them.',
  ]);
}

/** Passes the output on; answers whether the push is accepted. */
async function shown(output: AsyncIterable<Uint8Array>): Promise<boolean> {
  let accepted: boolean | null = null;
  let rest = '';
  for await (const text of decoded(output)) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (`${line}\n`.endsWith(ACCEPTED)) accepted = true;
      else if (`${line}\n`.endsWith(REFUSED)) accepted = false;
      else say([printable(line)]);
    }
  }
  if (accepted === null) throw new Error('the output ended early');
  return accepted;
}

/** Colours stay; nothing else of what a build or a release command prints steers the pusher's terminal. */
function printable(line: string): string {
  return line.replace(/\x1b(?!\[[\d;]{0,20}m)|[\0-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]/g, '');
}

async function* decoded(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
}

function say(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}

async function linesOf(input: NodeJS.ReadableStream): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of createInterface({ input })) lines.push(line);
  return lines;
}
