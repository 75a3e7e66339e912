import { parseEnvFile } from '../env-file.js';
import { UsageError } from '../errors.js';

/** What `config:set` was given: `KEY=value` words split at their first `=`, or `-` for a .env file on stdin. */
export async function pairsOf(
  words: readonly string[],
  stdin: AsyncIterable<unknown>,
): Promise<Record<string, string>> {
  const pairs: Record<string, string> = {};
  for (const word of words) {
    if (word === '-') Object.assign(pairs, parseEnvFile(await textOf(stdin)));
    else Object.assign(pairs, pairOf(word));
  }
  if (Object.keys(pairs).length > 0) return pairs;
  throw new UsageError('There is no KEY=value on stdin.', 'Nothing was changed.');
}

function pairOf(word: string): Record<string, string> {
  const split = word.indexOf('=');
  if (split > 0) return { [word.slice(0, split)]: word.slice(split + 1) };
  throw new UsageError(
    `${word} is not KEY=value.`,
    `Type: tfk config:set ${word.replace(/^=+/, '') || 'KEY'}=value. Nothing was changed.`,
  );
}

async function textOf(stdin: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk as Uint8Array | string));
  return Buffer.concat(chunks).toString('utf8');
}

/** What leads from one set of vars to another; null removes. */
export function changesOf(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): Record<string, string | null> {
  const set = Object.entries(after).filter(([key, value]) => before[key] !== value);
  const gone = Object.keys(before).filter((key) => !(key in after));
  return Object.fromEntries([...set, ...gone.map((key) => [key, null] as const)]);
}
