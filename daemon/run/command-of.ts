/**
 * The command line of a one-off dyno: a process type's own where the name of one was typed. Behind the name may stand ` ; ` and
 * more, with which `heroku run --exit-code` asks for the exit code: that is the whole type's then, not of its last part.
 */
export function commandOf(typed: string, processTypes: Readonly<Record<string, string>>): string {
  const [, name = typed, behind = ''] = /^(\S+)( ; .*)$/s.exec(typed) ?? [];
  if (!Object.hasOwn(processTypes, name)) return typed;
  const command = processTypes[name] ?? '';
  return behind === '' ? command : `(${command}\n)${behind}`;
}
