import { visible, visibleLines } from '../output/sanitise.js';

/** In its second protocol: an error is thrown before it comes here. */
export type Answer = string | number | null | readonly Answer[];

/** An answer as redis-cli prints it for people: numbered, with what is no text in brackets. */
export function answerLines(answer: Answer, indent = ''): string[] {
  if (answer === null) return ['(nil)'];
  if (typeof answer === 'number') return [`(integer) ${answer}`];
  if (typeof answer === 'string') return visibleLines(answer).split('\n');
  if (answer.length === 0) return ['(empty array)'];
  const width = String(answer.length).length;
  return answer.flatMap((item, index) => {
    const mark = `${String(index + 1).padStart(width)}) `;
    const inner = indent + ' '.repeat(mark.length);
    return answerLines(item, inner).map((line, row) => {
      if (row === 0) return (index === 0 ? '' : indent) + mark + line;
      return Array.isArray(item) ? line : inner + line;
    });
  });
}

/** As redis-cli prints it into a pipe: one value a line, and nothing around it. */
export function rawLines(answer: Answer): string[] {
  if (answer === null || typeof answer !== 'object')
    return String(answer ?? '')
      .split('\n')
      .map(visible);
  return answer.flatMap(rawLines);
}
