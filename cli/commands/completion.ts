import { aliasesOf, allDefinitions } from '../catalogue.js';
import { command, required } from '../command.js';
import { completionScript, type Completable, type Shell } from '../completion.js';
import { UsageError } from '../errors.js';
import { flagsOf } from '../parse.js';

const HOW: Readonly<Record<Shell, string>> = {
  bash: 'eval "$(tfk completion bash)" in ~/.bashrc',
  zsh: 'eval "$(tfk completion zsh)" in ~/.zshrc',
  fish: 'tfk completion fish > ~/.config/fish/completions/tfk.fish',
};

const completion = command({
  name: 'completion',
  summary: 'print a script that completes commands and options in your shell',
  details: Object.values(HOW).join('\n'),
  args: { shell: required('shell', 'bash, zsh or fish') },
  options: {},
  examples: Object.values(HOW),
  async run({ output }, { args }) {
    if (!isShell(args.shell))
      throw new UsageError(
        `There is no completion for ${args.shell}.`,
        'Type: tfk completion bash, zsh or fish',
      );
    const definitions = (await allDefinitions()).flat().filter(({ hidden }) => hidden !== true);
    const entries = definitions.flatMap((definition): Completable[] =>
      [definition.name, ...aliasesOf(definition.name)].map((name) => ({
        name,
        summary: definition.summary,
        flags: flagsOf(definition),
      })),
    );
    return output.line(completionScript(args.shell, entries));
  },
});

export const commands = [completion];

function isShell(name: string): name is Shell {
  return name in HOW;
}
