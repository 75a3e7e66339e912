import { Ajv } from 'ajv';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What must be true of an example once it is pushed: its `example.json`, as examples/example.schema.json describes it. */
export interface Example {
  readonly planner: string;
  readonly process_types: readonly string[];
  readonly needs?: readonly string[];
  readonly checks: readonly Check[];
}

export type Check = RequestCheck | CommandCheck | TfkCheck | LogCheck;

export interface RequestCheck {
  readonly request: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly status: number;
  readonly body?: string;
  readonly remember?: Readonly<Record<string, string>>;
  readonly within?: number;
}

export interface CommandCheck {
  readonly run: string;
  readonly input?: string;
  readonly exit?: number;
  readonly output?: string;
  readonly remember?: Readonly<Record<string, string>>;
}

export interface TfkCheck {
  readonly tfk: string;
  readonly output?: string;
}

export interface LogCheck {
  readonly log: string;
  readonly process?: string;
}

export const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url));

/** The examples that say what must be true of them. */
export const exampleNames = (): string[] =>
  readdirSync(EXAMPLES).filter((name) => existsSync(join(EXAMPLES, name, 'example.json')));

export const readExample = (name: string): Example =>
  asExample(readFileSync(join(EXAMPLES, name, 'example.json'), 'utf8'), `${name}/example.json`);

/** Throws with all that is wrong, the patterns of it too. */
export function asExample(json: string, file: string): Example {
  const schema = JSON.parse(readFileSync(join(EXAMPLES, 'example.schema.json'), 'utf8')) as object;
  const validate = new Ajv({ allErrors: true }).compile(schema);
  const example: unknown = JSON.parse(json);
  if (!validate(example)) {
    const problems = (validate.errors ?? []).map(
      ({ instancePath, message }) => `${instancePath} ${message ?? ''}`,
    );
    throw new Error(`${file}:\n${problems.join('\n')}`);
  }
  for (const check of (example as Example).checks)
    for (const pattern of patternsOf(check)) new RegExp(pattern);
  return example as Example;
}

function patternsOf(check: Check): string[] {
  if ('log' in check) return [check.log];
  const pattern = 'request' in check ? check.body : check.output;
  const remembered = 'tfk' in check ? [] : Object.values(check.remember ?? {});
  return [...(pattern === undefined ? [] : [pattern]), ...remembered];
}
