const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
  brightGreen: [92, 39],
  brightYellow: [93, 39],
  brightBlue: [94, 39],
  brightMagenta: [95, 39],
  brightCyan: [96, 39],
} as const;

export type ColourName = keyof typeof CODES;

/** Colours text for one stream, or leaves it as it is where that stream takes none. */
export class Paint {
  constructor(readonly enabled: boolean) {}

  in(colour: ColourName, text: string): string {
    if (!this.enabled) return text;
    const [on, off] = CODES[colour];
    return `\x1b[${on}m${text}\x1b[${off}m`;
  }

  app(name: string): string {
    return this.in('magenta', `⬢ ${name}`);
  }
}

const DYNO_COLOURS: readonly ColourName[] = [
  'cyan',
  'yellow',
  'green',
  'magenta',
  'brightBlue',
  'brightCyan',
  'brightYellow',
  'brightGreen',
  'brightMagenta',
];

/** The same dyno has the same colour in every session. */
export function colourOfDyno(dyno: string): ColourName {
  if (dyno === 'router') return 'dim';
  let sum = 0;
  for (const character of dyno) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return DYNO_COLOURS[sum % DYNO_COLOURS.length] ?? 'cyan';
}
