import { LONGEST_RANGE } from '../version-range.js';

/**
 * A range of Python versions in semver's grammar, from one in Python's (`>=3.11,<3.14`, `~=3.11`) or Poetry's (`^3.11`); null
 * where it is neither. Versions left out by `!=` are the installing tool's to refuse.
 */
export function semverRange(text: string): string | null {
  if (text.length > LONGEST_RANGE) return null;
  const alternatives = text.split('||').map((part) => part.split(',').map((clause) => range(clause.trim())));
  if (alternatives.flat().includes(null)) return null;
  return alternatives
    .map((clauses) => clauses.filter((clause) => clause !== '').join(' ') || '*')
    .join(' || ');
}

const CLAUSE = /^(===?|~=|!=|<=|>=|<|>|\^|~)?\s*(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:\.\*)?$/;

function range(clause: string): string | null {
  if (clause === '*' || clause === '') return '';
  const [, operator = '==', major = '', minor, patch] = CLAUSE.exec(clause) ?? [];
  if (major === '') return null;
  const whole = `${major}.${minor ?? 0}.${patch ?? 0}`;
  switch (operator) {
    case '!=':
      return '';
    case '~=':
      return patch === undefined
        ? `>=${whole} <${Number(major) + 1}.0.0`
        : `>=${whole} <${major}.${Number(minor) + 1}.0`;
    case '==':
    case '===':
      // Nobody who writes 3.12 means 3.12.0 alone.
      return `${major}.${minor ?? 'x'}.${patch ?? 'x'}`;
    case '^':
    case '~':
      return `${operator}${[major, minor, patch].filter((part) => part !== undefined).join('.')}`;
    default:
      return `${operator}${whole}`;
  }
}
