import { describe, expect, it } from 'vitest';
import { allDefinitions, commandNames, findCommand } from '../../../cli/catalogue.js';
import { UsageError } from '../../../cli/errors.js';
import { helpOf, overview } from '../../../cli/help.js';
import { flagsOf, parse } from '../../../cli/parse.js';
import { TOPICS } from '../../../cli/topics.js';

const definitions = (await allDefinitions()).flat();

async function parsed(...words: string[]) {
  const found = await findCommand(words);
  if (!found) throw new Error(`no ${words[0] ?? ''}`);
  return { name: found.definition.name, ...parse(found.definition, found.rest) };
}

describe('the catalogue', () => {
  it('names exactly the commands that its files have', async () => {
    for (const topic of TOPICS) {
      const { commands } = await topic.load();
      expect(commands.map(({ name }) => name).sort()).toEqual(Object.keys(topic.commands).sort());
    }
  });

  it('has each name once', () => {
    const names = commandNames();
    expect(new Set(names).size).toBe(names.length);
  });

  it('has a JSON answer for every command that reads', () => {
    const silent =
      /:(set|unset|edit|destroy|detach|remove|restart|stop|cancel|output|logs|exec|open|on|off|psql|cli|clone|credentials|clear|wait|enable|disable|trust|rotate|delete|schedule|unschedule|download)$|^(run|heroku|demo|completion)$/;
    const reading = definitions.filter(({ name }) => !silent.test(name));
    expect(
      reading.filter((definition) => !flagsOf(definition).includes('--json')).map(({ name }) => name),
    ).toEqual([]);
  });

  it('gives every command a summary and an example', () => {
    for (const { summary, examples } of definitions) {
      expect(summary).toMatch(/^[a-z]/);
      expect(examples.length).toBeGreaterThan(0);
    }
  });
});

describe('what was typed', () => {
  it.each([
    ['apps create', 'apps:create'],
    ['apps:create', 'apps:create'],
    ['scale', 'ps:scale'],
    ['rollback', 'releases:rollback'],
    ['deploy', 'push'],
    ['config set A=1', 'config:set'],
    ['daemon start', 'daemon:start'],
    ['run detached', 'run'],
    ['run:detached sleep', 'run:detached'],
  ])('%s is %s', async (typed, name) => {
    expect((await findCommand(typed.split(' ')))?.definition.name).toBe(name);
  });

  it('is nothing where no command has that name', async () => {
    await expect(findCommand(['appz'])).resolves.toBeNull();
  });

  it('has options before and behind its arguments', async () => {
    const { options, args } = await parsed('config:set', '-a', 'x', 'A=1', '--json', 'B=2');
    expect(options).toMatchObject({ app: 'x', json: true });
    expect(args).toEqual({ pairs: ['A=1', 'B=2'] });
  });

  it('may be - for stdin', async () => {
    expect((await parsed('config:set', '-', '-a', 'x')).args).toEqual({ pairs: ['-'] });
  });

  it("leaves the options of the user's own command alone", async () => {
    const { args, options } = await parsed('run', '-a', 'x', '--', 'sh', '-c', 'exit 7', '-a');
    expect(args).toEqual({ command: ['sh', '-c', 'exit 7', '-a'] });
    expect(options).toMatchObject({ app: 'x' });
    expect((await parsed('run', 'ls', '-l', '--all', '-a', 'x')).args).toEqual({
      command: ['ls', '-l', '--all'],
    });
  });

  it('has a --no-… only where it was given', async () => {
    expect((await parsed('run', 'bash')).options).toMatchObject({ noTty: false });
    expect((await parsed('run', 'bash', '--no-tty')).options).toMatchObject({ noTty: true });
  });

  it('collects options that may be given several times', async () => {
    expect((await parsed('run', '-e', 'A=1', '-e', 'B=2', 'env')).options).toMatchObject({
      env: ['A=1', 'B=2'],
    });
  });

  it.each([
    [['ps', '--jsno'], "Unknown option '--jsno'."],
    [['apps:rename'], "Missing required argument 'new-name'."],
    [['apps', 'x', 'y'], 'Too many arguments'],
    [['logs', '-n', 'many'], '-n takes a whole number from 0 on, not many.'],
    [['logs', '-n'], 'argument missing'],
  ])('%j is refused', async (words, message) => {
    await expect(parsed(...words)).rejects.toThrow(UsageError);
    await expect(parsed(...words)).rejects.toThrow(message);
  });

  it('with a slip in an option is told the right one', async () => {
    await expect(parsed('logs', '--tial')).rejects.toMatchObject({
      hint: 'Did you mean --tail?\nType: tfk help logs',
    });
  });
});

describe('help', () => {
  it('lists every command but the hidden ones', async () => {
    const text = await overview();
    for (const { name, hidden } of definitions) expect(text.includes(`  ${name} `)).toBe(hidden !== true);
  });

  it('shows usage, options, short forms and examples', () => {
    const scale = definitions.find(({ name }) => name === 'ps:scale');
    const text = scale ? helpOf(scale) : '';
    expect(text).toContain('Usage: tfk ps:scale [type=count...] [options]');
    expect(text).toContain('Also: tfk scale');
    expect(text).toContain('$ tfk scale web+1');
  });
});
