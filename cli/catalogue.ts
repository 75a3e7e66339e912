import type { Definition } from './command.js';
import { TOPICS } from './topics.js';

export interface Found {
  readonly definition: Definition;
  /** As it was typed, colons between the words. */
  readonly typed: string;
  /** The words after the command. */
  readonly rest: readonly string[];
}

/** Every word that can follow `tfk`, short forms too. */
export function commandNames(): string[] {
  return TOPICS.flatMap(({ commands }) =>
    Object.entries(commands).flatMap(([name, aliases]) => [name, ...aliases]),
  );
}

export function aliasesOf(name: string): readonly string[] {
  return TOPICS.flatMap(({ commands }) => commands[name] ?? []);
}

/** The command that the words begin with; `apps create x` means `apps:create x`. Null when there is none. */
export async function findCommand(words: readonly string[]): Promise<Found | null> {
  const [first = '', second = ''] = words;
  // After `run` and `heroku` comes another program's command, whatever its name.
  if (first !== 'run' && first !== 'heroku' && /^[a-z]+$/.test(second)) {
    const definition = await definitionOf(`${first}:${second}`);
    if (definition) return { definition, typed: `${first}:${second}`, rest: words.slice(2) };
  }
  const definition = await definitionOf(first);
  return definition ? { definition, typed: first, rest: words.slice(1) } : null;
}

/** All commands, topic by topic, in the order of the help. */
export async function allDefinitions(): Promise<readonly (readonly Definition[])[]> {
  return Promise.all(TOPICS.map(async (topic) => (await topic.load()).commands));
}

async function definitionOf(typed: string): Promise<Definition | null> {
  for (const topic of TOPICS) {
    for (const [name, aliases] of Object.entries(topic.commands)) {
      if (name !== typed && !aliases.includes(typed)) continue;
      return (await topic.load()).commands.find((definition) => definition.name === name) ?? null;
    }
  }
  return null;
}
