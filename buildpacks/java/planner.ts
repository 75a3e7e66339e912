import { planOn, type BuildPlan, type BuildStep } from '../plan.js';
import { PlanError, type Planner } from '../planner.js';
import type { SourceTree } from '../source.js';
import { HINTS } from './hints.js';
import { PROFILE } from './jdbc.js';
import { readPom, type Pom } from './pom.js';
import { MAVEN, REPOSITORY } from './script.js';
import { javaRange, readSystemProperties, type SystemProperties } from './version.js';

export const javaPlanner: Planner = {
  name: 'java',
  looksFor: 'pom.xml (Java, by Maven)',
  buildpack: { name: 'heroku/java', description: 'Java apps, by Maven' },
  detect: (source) => source.has('pom.xml') || isGradle(source),
  plan(source) {
    refuseGradle(source);
    const pom = readPom(source.read('pom.xml') ?? '');
    const properties = readSystemProperties(source.read('system.properties'));
    return planFor({ source, pom, properties });
  },
};

interface JavaApp {
  readonly source: SourceTree;
  readonly pom: Pom;
  readonly properties: SystemProperties;
}

const isGradle = (source: SourceTree): boolean =>
  ['gradlew', 'build.gradle', 'build.gradle.kts'].some((file) => source.has(file));

function refuseGradle(source: SourceTree): void {
  if (source.has('pom.xml')) return;
  throw new PlanError(
    'This is a Gradle build, as Heroku runs it by `gradlew stage` or `gradlew build`; tfk builds Java by Maven only.',
    'Build it from a Dockerfile on the Docker engine, or push what Gradle has built with a Procfile after `tfk buildpacks:set heroku/procfile`.',
  );
}

/** By which people change what Maven does, as on Heroku. */
const SETTINGS = ['MAVEN_CUSTOM_GOALS', 'MAVEN_CUSTOM_OPTS', 'MAVEN_OPTS', 'MAVEN_SETTINGS_PATH'];

function planFor(app: JavaApp): BuildPlan {
  const { source, pom, properties } = app;
  const { range, asked } = javaRange(properties, pom);
  const web = source.has('Procfile') ? null : webCommand(pom);
  return {
    ...planOn({ language: 'java', range, asked }),
    planner: 'java',
    label: 'Java',
    launchRuntime: { language: 'jre', range, asked },
    notes: notesOf(app),
    warnings: warningsOf(app, web),
    steps: [buildStep(source)],
    // A file may be in the way of its folder.
    files: source.list('').includes('.profile.d') ? {} : PROFILE,
    buildConfig: SETTINGS,
    defaultProcessTypes: web === null ? {} : { web },
    // Java alone would take a quarter of a dyno's memory.
    launchEnv: { JAVA_TOOL_OPTIONS: '-XX:MaxRAMPercentage=60 -Dfile.encoding=UTF-8' },
    exclude: leftOut(source),
  };
}

function buildStep(source: SourceTree): BuildStep {
  const maven = hasWrapper(source) ? ['sh', './mvnw'] : ['mvn'];
  return {
    name: 'build',
    title: 'Building with Maven',
    inputs: 'source',
    commands: [['sh', '-c', MAVEN, 'sh', ...maven, ...QUIET]],
    env: {
      // A tree that brings `target` may bring what is older than the source.
      TFK_MAVEN_GOALS: source.has('target') ? 'clean package' : 'package',
      // The image of Maven sets it, and wrappers take it for a goal.
      MAVEN_CONFIG: '',
    },
    caches: { maven: REPOSITORY },
    layers: [],
    hints: HINTS,
  };
}

/** No questions, no colours, and no line for each download, which every Maven 3 understands. */
const QUIET = [
  '-B',
  '-Dstyle.color=never',
  '-Dorg.slf4j.simpleLogger.log.org.apache.maven.cli.transfer.Slf4jMavenTransferListener=warn',
];

const hasWrapper = (source: SourceTree): boolean =>
  source.has('mvnw') && source.has('.mvn/wrapper/maven-wrapper.properties');

/** Heroku's, for Spring Boot; the one file by its name where the pom tells it. */
function webCommand({ springBoot, artifact, packaging, modules }: Pom): string | null {
  if (!springBoot || modules) return null;
  return `java -Dserver.port=$PORT $JAVA_OPTS -jar target/${artifact ?? `*.${packaging}`}`;
}

/** What Maven leaves for itself. */
const BY_PRODUCTS = [
  'target/classes',
  'target/test-classes',
  'target/generated-sources',
  'target/generated-test-sources',
  'target/maven-archiver',
  'target/maven-status',
  'target/surefire-reports',
  'target/failsafe-reports',
  'target/*.jar.original',
  'target/*.war.original',
];

/** Unless the Procfile names it: `java -cp target/classes:target/dependency/* Main`. */
const leftOut = (source: SourceTree): string[] =>
  BY_PRODUCTS.filter((path) => source.read('Procfile')?.includes(path) !== true).map((path) => `**/${path}`);

function notesOf({ source, pom, properties }: JavaApp): string[] {
  const { asked } = javaRange(properties, pom);
  return [
    asked ?? 'No file asks for a version of Java: `java.runtime.version` in system.properties would',
    hasWrapper(source)
      ? 'Using Maven by its wrapper, mvnw'
      : 'Using the Maven that is there: there is no wrapper',
  ];
}

function warningsOf({ source, properties }: JavaApp, web: string | null): string[] {
  const { maven } = properties;
  return [
    ...(maven !== null && !hasWrapper(source)
      ? [
          `maven.version=${maven} in system.properties is not heeded. Commit the wrapper of that version: \`mvn wrapper:wrapper -Dmaven=${maven}\`.`,
        ]
      : []),
    ...(web === null && !source.has('Procfile')
      ? [
          'Only Spring Boot has a web process by itself: add a Procfile such as `web: java -jar target/app.jar`.',
        ]
      : []),
  ];
}
