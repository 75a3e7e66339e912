/** What pom.xml says that a plan depends on. */
export interface Pom {
  /** The file that is built, as far as it is told; null: its name needs Maven to be known. */
  readonly artifact: string | null;
  readonly packaging: string;
  readonly modules: boolean;
  readonly springBoot: boolean;
  /** The Java that it compiles for, e.g. `17`, `1.8`; null where it says nothing. */
  readonly javaVersion: string | null;
  /** `group:artifact` → version, of its own dependencies and its parent, as far as they name one. */
  readonly dependencies: Readonly<Record<string, string>>;
}

export function readPom(text: string): Pom {
  const elements = elementsOf(text);
  const texts = textsOf(elements);
  const packaging = texts.at('project/packaging') ?? 'jar';
  return {
    artifact: artifactOf(texts, packaging),
    packaging,
    modules: elements.some(({ path }) => path === 'project/modules/module'),
    springBoot: elements.some(
      ({ path, text: group }) => path.endsWith('/groupId') && group === 'org.springframework.boot',
    ),
    javaVersion: javaVersionOf(texts),
    dependencies: dependenciesOf(elements, texts),
  };
}

interface Element {
  /** `project/parent/version` */
  readonly path: string;
  readonly text: string;
}

/** Elements that hold text, in their order. Enough of XML for a pom.xml: what cannot be read gives nothing. */
function elementsOf(xml: string): Element[] {
  const elements: Element[] = [];
  const open: string[] = [];
  let text = '';
  for (const token of tokensOf(xml)) {
    if (token.kind === 'text') text += token.text;
    else if (token.text.startsWith('/')) {
      if (text.trim() !== '' && open.length <= MAX_DEPTH)
        elements.push({ path: open.join('/'), text: text.trim() });
      text = '';
      open.pop();
    } else {
      text = '';
      if (!token.text.endsWith('/')) open.push(nameOf(token.text));
    }
  }
  return elements;
}

/** Of elements in elements; what a plan needs lies higher. */
const MAX_DEPTH = 6;

const nameOf = (tag: string): string => /^[\w.:-]{0,100}/.exec(tag)?.[0] ?? '';

interface Token {
  readonly kind: 'text' | 'tag';
  readonly text: string;
}

/** What stands in `<…>`, and what stands between; comments and instructions are left out. */
function* tokensOf(xml: string): Generator<Token> {
  for (let at = 0; at < xml.length;) {
    const next = xml.indexOf('<', at);
    yield { kind: 'text', text: xml.slice(at, next < 0 ? undefined : next) };
    if (next < 0) return;
    const [begin, end] = BRACKETS.find(([bracket]) => xml.startsWith(bracket, next)) ?? ['<', '>'];
    const last = xml.indexOf(end, next + begin.length);
    if (last < 0) return;
    const inside = xml.slice(next + begin.length, last);
    if (begin === '<') yield { kind: 'tag', text: inside };
    if (begin === CDATA) yield { kind: 'text', text: inside };
    at = last + end.length;
  }
}

const CDATA = '<![CDATA[';
const BRACKETS = [
  ['<!--', '-->'],
  [CDATA, ']]>'],
  ['<?', '?>'],
] as const;

interface Texts {
  /** The text at a path, with its `${…}` replaced; null where one of them is not told. Undefined where there is no text. */
  at(path: string): string | null | undefined;
}

function textsOf(elements: readonly Element[]): Texts {
  const texts = new Map(elements.map(({ path, text }) => [path, text] as const).reverse());
  const ofProject = (name: string): string | undefined => {
    const [, field] = /^(?:project|pom)\.(.+)$/.exec(name) ?? [];
    if (field === undefined) return undefined;
    return texts.get(`project/${field.replaceAll('.', '/')}`) ?? texts.get(`project/parent/${field}`);
  };
  const valueOf = (name: string): string | undefined => {
    const value = texts.get(`project/properties/${name}`) ?? ofProject(name);
    return value !== undefined && value.length <= MAX_LENGTH ? value : undefined;
  };
  return {
    at: (path) => {
      let text = texts.get(path);
      for (let depth = 0; depth < MAX_NESTING && text?.includes('${') === true; depth += 1) {
        if (text.length > MAX_LENGTH) return null;
        text = text.replace(/\$\{([^}]+)\}/g, (unknown, name: string) => valueOf(name) ?? unknown);
      }
      return text?.includes('${') === true ? null : text;
    },
  };
}

/** Of properties that stand in properties, and of their texts. */
const MAX_NESTING = 5;
const MAX_LENGTH = 1000;

function artifactOf(texts: Texts, packaging: string): string | null {
  if (packaging !== 'jar' && packaging !== 'war') return null;
  const named = texts.at('project/build/finalName');
  if (named !== undefined) return named === null ? null : `${named}.${packaging}`;
  const ownVersion = texts.at('project/version');
  const version = ownVersion === undefined ? texts.at('project/parent/version') : ownVersion;
  const artifact = texts.at('project/artifactId');
  return artifact == null || version == null ? null : `${artifact}-${version}.${packaging}`;
}

/** By which a pom says it, the plain ones and those of Spring Boot's parent. */
const VERSION_PROPERTIES = ['maven.compiler.release', 'java.version', 'maven.compiler.target'];

const javaVersionOf = (texts: Texts): string | null =>
  VERSION_PROPERTIES.map((name) => texts.at(`project/properties/${name}`)).find((found) => found != null) ??
  null;

/** A version may be a property, whose name stands in it whole. */
function dependenciesOf(elements: readonly Element[], texts: Texts): Record<string, string> {
  const found: Record<string, string> = {};
  let group = '';
  let artifact = '';
  for (const { path, text } of elements) {
    const [, field] =
      /^project\/(?:parent|dependencies\/dependency)\/(groupId|artifactId|version)$/.exec(path) ?? [];
    if (field === 'groupId') group = text;
    if (field === 'artifactId') artifact = text;
    if (field !== 'version') continue;
    const property = /^\$\{([^}]+)\}$/.exec(text)?.[1];
    const version = property === undefined ? text : texts.at(`project/properties/${property}`);
    if (version != null) found[`${group}:${artifact}`] = version;
  }
  return found;
}
