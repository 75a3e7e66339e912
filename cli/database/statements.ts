export interface Split {
  /** Whole statements, without their semicolons and blanks around. */
  readonly statements: readonly string[];
  /** What has begun behind the last semicolon. */
  readonly rest: string;
}

/** Quoted text, comments and dollar quotes, in which a semicolon ends nothing; a last one may lack its end. */
const OPAQUE =
  /'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\$([A-Za-z_]\w*)?\$[\s\S]*?(?:\$\1\$|$)/y;

/** Splits SQL at the semicolons that end statements. */
export function splitStatements(sql: string): Split {
  const statements: string[] = [];
  let from = 0;
  let at = 0;
  while (at < sql.length) {
    OPAQUE.lastIndex = at;
    const opaque = OPAQUE.exec(sql)?.[0];
    if (opaque !== undefined && opaque !== '') {
      at += opaque.length;
      continue;
    }
    if (sql[at] === ';') {
      statements.push(sql.slice(from, at).trim());
      from = at + 1;
    }
    at += 1;
  }
  return { statements: statements.filter((text) => !isBlank(text)), rest: sql.slice(from) };
}

/** Only blanks and comments. */
export function isBlank(sql: string): boolean {
  return sql.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, '').trim() === '';
}
