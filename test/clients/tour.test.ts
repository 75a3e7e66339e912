import { execa } from 'execa';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { aSmallApp, Installation, type Ran } from '../support/installation.js';
import { HerokuCli } from './heroku-cli.js';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const SECTION = "## With Heroku's own CLI";

/** What the README has a Heroku user type, line by line. */
const LINES = [...(README.split(SECTION)[1]?.split('\n## ')[0] ?? '').matchAll(/^\$ (.*?)(?: +#.*)?$/gm)].map(
  ([, line = '']) => line,
);

const installation = new Installation();
let heroku: HerokuCli;
let source = '';

beforeAll(async () => {
  source = installation.source('demo', aSmallApp('hello'));
  await installation.ok('daemon:start');
  heroku = await HerokuCli.of(installation);
});
afterAll(async () => {
  heroku.remove();
  await installation.remove();
});

/** In a shell that has evaluated the first line; what it prints on both streams, together. */
async function type(line: string, input = ''): Promise<Ran> {
  const { HEROKU_HOST, HEROKU_API_KEY, ...bare } = heroku.environment;
  expect([HEROKU_HOST, HEROKU_API_KEY]).not.toContain(undefined);
  const result = await execa('bash', ['-c', `eval "$(tfk heroku:env)"; ${line}`], {
    cwd: source,
    env: { ...bare, ...installation.variables },
    extendEnv: false,
    reject: false,
    input,
    all: true,
  });
  return { code: result.exitCode ?? -1, stdout: result.all, stderr: '' };
}

/** Line → what it has to print. The rest of the lines only have to succeed. */
const SHOWS: Readonly<Record<string, RegExp>> = {
  'heroku create demo': /Creating .*demo\.\.\. done/,
  'git push heroku main': /remote: -----> .*[\s\S]*Released v\d+[\s\S]*main -> main/,
  'heroku ps:scale web=2': /now running web at 2:Standard-1X/,
  'heroku config:set A=1': /restarting .*demo\.\.\. done, v\d+/,
  'heroku logs --tail': /app\[web\.1\]|heroku\[web\.1\]/,
  'heroku releases': /Set A config vars/,
  'heroku rollback': /Rolling back .*demo to v\d+\.\.\. done/,
  'heroku pipelines:promote -a demo': /Promotion successful/i,
};

it('is there', () => {
  expect(LINES).toContain('eval "$(tfk heroku:env)"');
  expect(LINES).toEqual(expect.arrayContaining(Object.keys(SHOWS)));
});

it('begins in a git repository', async () => {
  const made = await type('git init -q -b main && git add . && git commit -qm "First"');
  expect(made.code, made.stdout).toBe(0);
});

it.each(LINES)('$ %s', async (line) => {
  const typed = line === 'heroku logs --tail' ? `timeout -s INT 8 ${line}; true` : line;
  const ran = await type(typed, line === 'heroku run bash' ? 'echo "I am $DYNO"; exit\n' : '');
  expect(ran.code, ran.stdout).toBe(0);
  const shows = SHOWS[line];
  if (shows) expect(ran.stdout).toMatch(shows);
  if (line === 'heroku run bash') expect(ran.stdout).toMatch(/I am run\.\d+/);
});

it('left what it says it leaves: the app, at the config before', async () => {
  const config = JSON.parse(await heroku.ok('config', '--json', '-a', 'demo')) as Record<string, string>;
  expect(config).not.toHaveProperty('A');
  expect((await installation.get('demo')).body).toBe('hello');
});
