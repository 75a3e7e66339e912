export type Values = Readonly<Record<string, string>>;

/** What only the builder knows: these stand for the machine that builds. */
const PLATFORM = /^(TARGET|BUILD)(PLATFORM|OS|ARCH|VARIANT)$/;
const VARIABLE =
  /\$(?:\{(?<braced>[A-Za-z_]\w*)(?:(?<operator>:?[-+])(?<word>[^}]*))?\}|(?<plain>[A-Za-z_]\w*))/g;

/** Puts values in, as a FROM line does: `$X`, `${X}`, `${X:-otherwise}`, `${X:+instead}`. Null: it depends on the machine. */
export function substitute(text: string, values: Values): string | null {
  let result = '';
  let end = 0;
  for (const match of text.matchAll(VARIABLE)) {
    const value = valueOf(match.groups ?? {}, values);
    if (value === null) return null;
    result += text.slice(end, match.index) + value;
    end = match.index + match[0].length;
  }
  return result + text.slice(end);
}

function valueOf(variable: Readonly<Record<string, string | undefined>>, values: Values): string | null {
  const { braced, plain, operator = '', word = '' } = variable;
  const name = braced ?? plain ?? '';
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value === undefined && PLATFORM.test(name)) return null;
  const isThere = operator.startsWith(':') ? Boolean(value) : value !== undefined;
  if (operator.endsWith('+')) return isThere ? word : '';
  return isThere ? (value ?? '') : word;
}
