import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { JAVA, pom } from './hello-apps.js';
import { aBuilder, aDyno, answerOfWeb, lacks, push, sharedHome } from './pushed.js';
import { aSource, writeFiles } from './support.js';

const SPRING_BOOT = {
  'pom.xml': pom(`<parent>
    <groupId>org.springframework.boot</groupId>
    <artifactId>spring-boot-starter-parent</artifactId>
    <version>3.4.5</version>
    <relativePath/>
  </parent>
  <properties><java.version>17</java.version></properties>
  <dependencies><dependency>
    <groupId>org.springframework.boot</groupId>
    <artifactId>spring-boot-starter-web</artifactId>
  </dependency></dependencies>
  <build><plugins><plugin>
    <groupId>org.springframework.boot</groupId>
    <artifactId>spring-boot-maven-plugin</artifactId>
  </plugin></plugins></build>`),
  'src/main/java/hello/Hello.java': `package hello;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.web.bind.annotation.*;

@SpringBootApplication
@RestController
public class Hello {
  @GetMapping("/") String hello() { return "spring"; }
  public static void main(String[] args) { SpringApplication.run(Hello.class, args); }
}
`,
};

describe.skipIf(await lacks('java'))('a Java app', () => {
  const builder = aBuilder(sharedHome());

  test('is packaged by Maven, whose downloads are kept, and serves', async () => {
    const source = aSource(JAVA);
    const first = await push(builder, source);
    expect(first.said).toContain('BUILD SUCCESS');
    expect(await answerOfWeb(builder, first)).toBe('one');
    const { folder } = await aDyno(builder, first);
    expect(existsSync(join(folder, 'target/classes'))).toBe(false);

    const main = 'src/main/java/Hello.java';
    writeFiles(source, { [main]: JAVA[main].replace('"one"', '"two"') });
    // Nothing can be downloaded any more.
    const second = await push(builder, source, { MAVEN_CUSTOM_OPTS: '-DskipTests --offline' });
    expect(await answerOfWeb(builder, second)).toBe('two');
  }, 300_000);

  test('of Spring Boot needs no Procfile', async () => {
    const pushed = await push(builder, aSource(SPRING_BOOT));
    expect(pushed.processTypes).toEqual({
      web: 'java -Dserver.port=$PORT $JAVA_OPTS -jar target/hello-1.0.jar',
    });
    expect(await answerOfWeb(builder, pushed)).toBe('spring');
  }, 300_000);

  test('that compiles for a newer Java is told where to ask for it', async () => {
    const files = { ...JAVA, 'pom.xml': JAVA['pom.xml'].replaceAll('>17<', '>99<') };
    const refused = await push(builder, aSource(files));
    expect(refused.result.ok ? '' : refused.result.message).toMatch(
      /^pom\.xml compiles for Java 99, and this machine has/,
    );
    const system = { 'system.properties': 'java.runtime.version=17' };
    const failed = await push(builder, aSource({ ...files, ...system }));
    expect(failed.result.ok ? '' : failed.result.hint).toContain('java.runtime.version=21');
  }, 120_000);
});
