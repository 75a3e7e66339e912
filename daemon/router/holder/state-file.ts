import { createHash } from 'node:crypto';

/** What the router keeps on disk: one line with a checksum, one with the value. */
export function stateFileText(value: object): string {
  const text = JSON.stringify(value);
  return `${JSON.stringify({ format: 1, sha256: digest(text) })}\n${text}\n`;
}

/** Undefined when a byte is missing or different. */
export function parseStateFile(content: string): unknown {
  const [head = '', text = '', end] = content.split('\n');
  if (end !== '') return undefined;
  try {
    const { format, sha256 } = JSON.parse(head) as { format?: unknown; sha256?: unknown };
    return format === 1 && sha256 === digest(text) ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
