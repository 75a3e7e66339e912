import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { readPom } from '../../../buildpacks/java/pom.js';
import type { BuildPlan } from '../../../buildpacks/plan.js';
import { PlanError } from '../../../buildpacks/planner.js';
import { choosePlanner } from '../../../buildpacks/registry.js';
import { aTree } from './tree.js';

type Files = Readonly<Record<string, unknown>>;

const plan = (files: Files): BuildPlan => {
  const source = aTree(files);
  const context = { config: {}, images: false };
  return choosePlanner(source, context).plan(source, context);
};
const refusal = (files: Files): string => {
  try {
    plan(files);
  } catch (error) {
    if (error instanceof PlanError) return `${error.message} ${error.hint ?? ''}`;
    throw error;
  }
  return 'accepted';
};

const project = (inside: string): string =>
  `<?xml version="1.0"?>\n<project xmlns="http://maven.apache.org/POM/4.0.0">${inside}</project>`;
const OWN = '<groupId>com.example</groupId><artifactId>shop</artifactId><version>1.2</version>';
const SPRING = `<parent><groupId>org.springframework.boot</groupId>
  <artifactId>spring-boot-starter-parent</artifactId><version>3.4.5</version></parent>`;

describe('the file that is built', () => {
  test.each<[string, string, string | null]>([
    ['named by artifact and version', OWN, 'shop-1.2.jar'],
    ['with the version of its parent', `${SPRING}<artifactId>shop</artifactId>`, 'shop-3.4.5.jar'],
    ['with its own version before its parent’s', `${OWN}${SPRING}`, 'shop-1.2.jar'],
    [
      'not named by its dependencies',
      `<dependencies><dependency><artifactId>other</artifactId><version>9</version></dependency></dependencies>${OWN}`,
      'shop-1.2.jar',
    ],
    ['not named in a comment', `<!-- <artifactId>old</artifactId> -->${OWN}`, 'shop-1.2.jar'],
    ['a war', `${OWN}<packaging>war</packaging>`, 'shop-1.2.war'],
    ['no file of a parent', `${OWN}<packaging>pom</packaging>`, null],
    ['named by finalName', `${OWN}<build><plugins/><finalName>app</finalName></build>`, 'app.jar'],
    [
      'named by properties',
      `<artifactId>shop</artifactId><version>\${revision}</version>
       <properties><revision>\${major}.1</revision><major>7</major></properties>
       <build><finalName>\${project.artifactId}-\${project.version}</finalName></build>`,
      'shop-7.1.jar',
    ],
    ['unknown where a property is', '<artifactId>shop</artifactId><version>${changelist}</version>', null],
    [
      'unknown where a property names itself',
      '<artifactId>a</artifactId><version>${x}</version><properties><x>${x}</x></properties>',
      null,
    ],
  ])('is %s', (_what, inside, artifact) => {
    expect(readPom(project(inside)).artifact).toBe(artifact);
  });

  test.each(['', 'no xml', '<project><a></b></c>', '<project><version>1', '</x></y><z/>'])(
    'of %j is unknown',
    (text) => {
      expect(readPom(text).artifact).toBeNull();
    },
  );
});

test('dependencies are told with the versions that they have in the pom', () => {
  const inside = `${SPRING}${OWN}<properties><v>2.1</v></properties><dependencies>
    <dependency><groupId>a</groupId><artifactId>b</artifactId><version>\${v}</version><exclusions><exclusion>
      <groupId>x</groupId><artifactId>y</artifactId></exclusion></exclusions></dependency>
    <dependency><groupId>c</groupId><artifactId>managed</artifactId></dependency>
    <dependency><groupId>d</groupId><artifactId>e</artifactId><version>3</version></dependency></dependencies>`;
  expect(readPom(project(inside)).dependencies).toEqual({
    'org.springframework.boot:spring-boot-starter-parent': '3.4.5',
    'a:b': '2.1',
    'd:e': '3',
  });
});

describe('the web process', () => {
  const web = (inside: string, files: Files = {}) =>
    plan({ 'pom.xml': project(inside), ...files }).defaultProcessTypes['web'];

  test('is Spring Boot’s, as on Heroku', () => {
    const command = 'java -Dserver.port=$PORT $JAVA_OPTS -jar target/';
    expect(web(`${SPRING}${OWN}`)).toBe(`${command}shop-1.2.jar`);
    expect(web(`${SPRING}<artifactId>a</artifactId><version>\${x}</version>`)).toBe(`${command}*.jar`);
    expect(web(`${SPRING}<artifactId>a</artifactId><version>\${x}</version><packaging>war</packaging>`)).toBe(
      `${command}*.war`,
    );
  });

  test('is the Procfile’s otherwise, and missed where there is none', () => {
    expect(web(`${SPRING}${OWN}`, { Procfile: 'worker: x' })).toBeUndefined();
    expect(web(`${SPRING}${OWN}<modules><module>a</module></modules>`)).toBeUndefined();
    expect(plan({ 'pom.xml': project(OWN) }).warnings).toEqual([expect.stringContaining('add a Procfile')]);
    expect(plan({ 'pom.xml': project(OWN), Procfile: 'web: x' }).warnings).toEqual([]);
  });
});

describe('the version', () => {
  const runtime = (properties: string | null, inside = OWN) =>
    plan({
      'pom.xml': project(inside),
      Procfile: 'web: x',
      ...(properties === null ? {} : { 'system.properties': properties }),
    }).runtime;
  const compiled = (name: string, value: string) =>
    `${OWN}<properties><${name}>${value}</${name}></properties>`;

  test.each<[string | null, string | null]>([
    [null, null],
    ['java.runtime.version=17', '17.x'],
    ['# comment\n java.runtime.version = 21\n', '21.x'],
    ['java.runtime.version=1.8', '8.x'],
    ['java.runtime.version=1.8.0_292', '>=8.0.292 <9'],
    ['java.runtime.version=17.0.5', '>=17.0.5 <18'],
    ['java.runtime.version=openjdk-17', '17.x'],
    ['java.runtime.version=zulu-11.0.12', '>=11.0.12 <12'],
    ['maven.version=3.9.9', null],
  ])('of %j in system.properties is %s', (properties, range) => {
    expect(runtime(properties).range).toBe(range);
  });

  test.each<[string, string, string]>([
    ['java.version', '17', '>=17.0.0'],
    ['maven.compiler.release', '21', '>=21.0.0'],
    ['maven.compiler.target', '1.8', '>=8.0.0'],
  ])('is at least %s of the pom', (name, value, range) => {
    expect(runtime(null, compiled(name, value))).toMatchObject({ language: 'java', range });
    expect(runtime('java.runtime.version=25', compiled(name, value)).range).toBe('25.x');
  });

  test('is refused when it is none, and is that of the dynos too', () => {
    expect(refusal({ 'pom.xml': project(OWN), 'system.properties': 'java.runtime.version=latest' })).toMatch(
      /asks for Java latest, which is no version of Java/,
    );
    const made = plan({ 'pom.xml': project(OWN), 'system.properties': 'java.runtime.version=17' });
    expect(made.launchRuntime).toEqual({ ...made.runtime, language: 'jre' });
  });
});

describe('the build', () => {
  const words = (files: Files) => plan({ 'pom.xml': project(OWN), ...files }).steps[0]?.commands[0]?.slice(4);
  const wrapper = { mvnw: '', '.mvn/wrapper/maven-wrapper.properties': '' };

  test('is by the wrapper where that is whole', () => {
    expect(words(wrapper)?.slice(0, 3)).toEqual(['sh', './mvnw', '-B']);
    expect(words({ mvnw: '' })?.slice(0, 2)).toEqual(['mvn', '-B']);
  });

  test('is clean where the source brings something built', () => {
    const goals = (files: Files) =>
      plan({ 'pom.xml': project(OWN), ...files }).steps[0]?.env['TFK_MAVEN_GOALS'];
    expect(goals({})).toBe('package');
    expect(goals({ 'target/old.jar': '' })).toBe('clean package');
  });

  test('leaves what Maven needs for itself out of the slug, unless the Procfile names it', () => {
    expect(plan({ 'pom.xml': project(OWN) }).exclude).toContain('**/target/classes');
    const Procfile = 'web: java -cp target/classes:target/dependency/* Main';
    expect(plan({ 'pom.xml': project(OWN), Procfile }).exclude).not.toContain('**/target/classes');
  });

  test('says that another Maven comes by its wrapper', () => {
    const files = { 'pom.xml': project(OWN), Procfile: 'web: x', 'system.properties': 'maven.version=3.9.9' };
    expect(plan(files).warnings).toEqual([expect.stringContaining('mvn wrapper:wrapper -Dmaven=3.9.9')]);
    expect(plan({ ...files, ...wrapper }).warnings).toEqual([]);
  });

  test('by Gradle is refused, with what to do', () => {
    expect(refusal({ gradlew: '', 'build.gradle': '', Procfile: 'web: x' })).toMatch(
      /Gradle build.*buildpacks:set heroku\/procfile/,
    );
    expect(refusal({ 'build.gradle.kts': '', 'pom.xml': project(OWN) })).toBe('accepted');
  });
});

describe('a dyno', () => {
  const { files } = plan({ 'pom.xml': project(OWN) });
  const variables = (env: Readonly<Record<string, string>>): Record<string, string> => {
    const script = `set -u\n${files['.profile.d/jdbc.sh'] ?? ''}\nenv`;
    const lines = execFileSync('/bin/sh', ['-c', script], { env, encoding: 'utf8' }).trim().split('\n');
    const pairs = lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
    return Object.fromEntries(
      pairs.filter(([name = '']) => /^(JDBC|SPRING)_|^(place|user)$/.test(name)),
    ) as Record<string, string>;
  };

  test('is told of its database and Redis as Java wants it', () => {
    const url = 'jdbc:postgresql://db.host:5433/shop?user=me&password=s3:cret&sslmode=require';
    const env = {
      DATABASE_URL: 'postgres://me:s3:cret@db.host:5433/shop?sslmode=require',
      REDIS_URL: 'redis://:x@cache:6379',
    };
    expect(variables(env)).toEqual({
      JDBC_DATABASE_URL: url,
      JDBC_DATABASE_USERNAME: 'me',
      JDBC_DATABASE_PASSWORD: 's3:cret',
      SPRING_DATASOURCE_URL: url,
      SPRING_DATASOURCE_USERNAME: 'me',
      SPRING_DATASOURCE_PASSWORD: 's3:cret',
      SPRING_REDIS_URL: 'redis://:x@cache:6379',
      SPRING_DATA_REDIS_URL: 'redis://:x@cache:6379',
    });
  });

  test('keeps what the app sets itself, and needs no database', () => {
    const env = { DATABASE_URL: 'postgres://a:b@c/d', SPRING_DATASOURCE_URL: 'jdbc:h2:mem:x' };
    expect(variables(env)).toEqual({
      JDBC_DATABASE_URL: 'jdbc:postgresql://c/d?user=a&password=b',
      JDBC_DATABASE_USERNAME: 'a',
      JDBC_DATABASE_PASSWORD: 'b',
      SPRING_DATASOURCE_URL: 'jdbc:h2:mem:x',
    });
    for (const DATABASE_URL of ['', 'mysql://a:b@c/d', 'postgres://nowhere', '$(exit 3)'])
      expect(variables({ DATABASE_URL })).toEqual({});
    expect(variables({})).toEqual({});
  });

  test('is told nothing where a file of the source is in the way', () => {
    expect(plan({ 'pom.xml': project(OWN), '.profile.d': '' }).files).toEqual({});
  });
});

test.each<[string, (times: number) => Files]>([
  ['comments', (times) => ({ 'pom.xml': '<!--'.repeat(times / 4) })],
  ['a name', (times) => ({ 'pom.xml': `<${'a'.repeat(times)}` })],
  ['elements', (times) => ({ 'pom.xml': project('<a>'.repeat(times / 3)) })],
  [
    'properties',
    (times) => ({
      'pom.xml': project(
        `<artifactId>\${x}\${x}</artifactId><properties><x>${'${x}'.repeat(times / 4)}</x></properties>`,
      ),
    }),
  ],
])('a file of a mebibyte of %s is read in no time', (_what, files) => {
  const started = performance.now();
  refusal(files(1_000_000));
  expect(performance.now() - started).toBeLessThan(2_000);
});
